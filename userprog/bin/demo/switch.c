/* SPDX-License-Identifier: MIT */
/*
 * Row 27: changing to another process loads its page directory into CR3, and the processor
 * forgets every translation but the global ones: those of the kernel, which are the same for
 * everyone. A system call changes nothing: the kernel is mapped in every process.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define ROUNDS 500u
#define HELD 64u /* pages whose translations are remembered: what a small TLB has */

static int to_child[2], to_parent[2];

static int echo(void *unused)
{
	char byte;

	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++)
		if (read(to_child[0], &byte, 1) != 1 || write(to_parent[1], &byte, 1) != 1)
			return 1;
	return 0;
}

static void show(const char *what, long loads, uint64_t ns)
{
	say("  %-34s %6ld loads of CR3, %5u ns each time", what, loads, (unsigned)(ns / ROUNDS));
}

/* Nanoseconds for one access to each of the pages. */
static unsigned pass(const char *memory)
{
	uint64_t start = nanoseconds();

	touch_read(memory, HELD);
	return (unsigned)(nanoseconds() - start);
}

/* One round to the child and back, which loads CR3 twice. */
static bool go_round(void)
{
	char byte = 'x';

	return write(to_child[1], &byte, 1) == 1 && read(to_parent[0], &byte, 1) == 1;
}

/* What processors with PCID save: entries that are marked with an address space's number, and so
 * need not be forgotten. Measured as what this one loses; the best of several rounds. */
static void show_pcid(uint64_t switch_ns)
{
	const char *memory = mmap(NULL, HELD * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned again = UINT32_MAX, anew = UINT32_MAX;
	pid_t child;

	step("PCID in numbers: what it costs to forget");
	if (memory == MAP_FAILED)
		give_up("no room");
	touch_read(memory, HELD);
	child = child_start(echo, NULL);
	bool alive = true;
	for (unsigned i = 0; i < ROUNDS && alive; i++) {
		alive = go_round();
		unsigned first = pass(memory), second = pass(memory);
		anew = first < anew ? first : anew;
		again = second < again ? second : again;
	}
	claim(child_wait(child) == 0 && alive, "another %u rounds", ROUNDS);
	unsigned lost = anew > again ? anew - again : 0;
	say("  %u pages, touched once each    right after a switch %6u ns, once more %6u ns",
	    HELD, anew, again);
	say("  So a forgotten translation costs %u ns here, and a switch that forgets %u of them %u ns,\n"
	    "  beside %u ns for the way to the other process and back.",
	    lost / HELD, HELD, lost, (unsigned)(switch_ns / ROUNDS));
	say("  Computed: a walk reads %u words; with PCID (64 bits only) what fits into the TLB would\n"
	    "  still be there, so as many walks are saved as the program uses pages again, never more\n"
	    "  than the TLB has entries. (QEMU without KVM walks in software: the share is the thing.)",
	    2);
}

void demo_switch(void)
{
	char byte = 'x';

	say("The same number of times, %u: a system call; and a byte to another process and back.",
	    ROUNDS);
	step("loads of CR3, counted by the kernel (directory_loads in /proc/vmstat)");
	long loads = vmstat("directory_loads");
	uint64_t start = nanoseconds();
	for (unsigned i = 0; i < ROUNDS; i++)
		getppid();
	uint64_t call_ns = nanoseconds() - start;
	long calls = vmstat("directory_loads") - loads;
	show("getppid", calls, call_ns);

	if (pipe(to_child) || pipe(to_parent))
		give_up("no pipe");
	pid_t child = child_start(echo, NULL);
	loads = vmstat("directory_loads");
	start = nanoseconds();
	bool alive = true;
	for (unsigned i = 0; i < ROUNDS && alive; i++)
		alive = write(to_child[1], &byte, 1) == 1 && read(to_parent[0], &byte, 1) == 1;
	uint64_t switch_ns = nanoseconds() - start;
	long switches = vmstat("directory_loads") - loads;
	show("to another process and back", switches, switch_ns);
	claim(child_wait(child) == 0 && alive, "the byte came back %u times", ROUNDS);
	claim(switches >= 2 * (long)ROUNDS - 20, "each round took two switches, each a load: %ld",
	      switches);
	claim(calls < (long)ROUNDS / 10, "system calls took none (%ld: the timer's, others')", calls);

	step("what survives");
	say("  A load of CR3 leaves global entries (G, with CR4.PGE set) in the TLB, and the kernel's\n"
	    "  half is to be mapped by such. No program can see that, and so this one claims nothing:\n"
	    "  `pagoda walk 0xc0100000` in gdb (make debug) shows the flag.");
	show_pcid(switch_ns);
	try_next("  grep -E 'directory_loads|tlb_' /proc/vmstat\n"
	         "  kernel/cpu/cpu.c, kernel/mem/kmap.c     the load, and the global entries\n"
	         "  demo tlb                                what forgetting costs\n");
}
