/* SPDX-License-Identifier: MIT */
/*
 * Row 9: the stack grows on demand, by page faults below its end; it stops at its limit, and
 * keeps a gap to whatever lies below.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define LIMIT (1 * MIB)

/* The size of the area that /proc/self/maps calls [stack], in KiB. */
static unsigned stack_size(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start = 0, end = 0;
	char line[256];

	if (!maps)
		give_up("/proc/self/maps cannot be read");
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[stack]"))
			sscanf(line, "%lx-%lx", &start, &end);
	fclose(maps);
	return (unsigned)((end - start) / KIB);
}

static __attribute__((noinline)) unsigned recurse(unsigned levels)
{
	volatile char frame[1024];

	__asm__ volatile("" : : "r"(frame) : "memory"); /* or clang keeps one byte of it */
	frame[0] = (char)levels;
	return levels == 0 ? 0 : recurse(levels - 1) + 1 + (unsigned)(frame[0] & 0);
}

/* PUSHA stores 32 bytes below an esp that is far below every page of the stack. */
static __attribute__((noinline)) void push_far_below(void *distance)
{
	__asm__ volatile("movl %%esp, %%esi; subl %0, %%esp; pusha; movl %%esi, %%esp"
	                 :
	                 : "r"((uint32_t)(uintptr_t)distance)
	                 : "esi", "memory");
}

/* The kernel writes into stack that is not there yet, far below where a call would push. */
static __attribute__((noinline)) ssize_t read_into_stack(void)
{
	char *buffer = (char *)((uintptr_t)__builtin_frame_address(0) - 800 * KIB);
	int zero = open("/dev/zero", O_RDONLY);
	ssize_t n = read(zero, buffer, 16);

	close(zero);
	return n;
}

static uintptr_t top;

static void recurse_for_ever(void *unused)
{
	(void)unused;
	recurse(1u << 30);
}

static int overflow(void *unused)
{
	struct rlimit limit = {LIMIT, LIMIT};

	(void)unused;
	setrlimit(RLIMIT_STACK, &limit);
	struct trap trap = trap_of(recurse_for_ever, NULL);
	unsigned depth = (unsigned)((top - trap.address) / KIB);
	say("  signal %d (SIGSEGV is 11) at %#lx: %u KiB below this function, %s", trap.signal,
	    (unsigned long)trap.address, depth, trap.why);
	claim(trap.signal == 11, "the first access past the limit is answered by SIGSEGV");
	claim(depth <= LIMIT / KIB && depth > LIMIT / KIB - 64, "at %u KiB, as setrlimit said",
	      LIMIT / KIB);
	return 0;
}

void demo_stack(void)
{
	char here;

	top = (uintptr_t)&here;
	say("The stack's area starts small. A fault just below what it has makes it grow.");
	step("a recursion 256 KiB deep");
	unsigned before = stack_size();
	struct faults faults = faults_now();
	recurse(256);
	faults = faults_since(faults);
	unsigned after = stack_size();
	say("  [stack] was %u KiB, is %u KiB; %ld faults", before, after, faults.minor);
	claim(after >= 256 && after > before, "it grew");
	claim(faults.minor >= (long)(after - before) / 4 - 8, "a page a fault");

	step("PUSHA 600 KiB below");
	struct trap trap = trap_of(push_far_below, (void *)(600 * KIB));
	claim(!trap.signal && stack_size() >= 600,
	      "the stack is %u KiB: it need not grow page by page", stack_size());

	step("read(2) into a buffer of the stack, 800 KiB below, that nobody touched");
	ssize_t n = read_into_stack();
	claim(n == 16 && stack_size() >= 800,
	      "the kernel's own access grew the stack: %zd bytes read", n);

	step("a recursion without end, in a child whose limit is %u KiB", LIMIT / KIB);
	in_child(overflow, NULL);
	try_next("  ulimit -s; ulimit -s 64; demo stack     with a smaller limit\n"
	         "  grep stack /proc/self/maps              where it lies\n"
	         "  grep stack_grown /proc/vmstat           how often one grew\n");
}
