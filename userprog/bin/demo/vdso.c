/* SPDX-License-Identifier: MIT */
/*
 * Row 31: two pages that the kernel and every program share, read-only: code, and what the code
 * needs to tell the time. So a program knows what time it is without asking the kernel.
 */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <vdso.h>

#include "userprog/bin/demo/demo.h"

#define ROUNDS 1000u
#define PAGES 2u

typedef int clock_reader(clockid_t, struct timespec *);

struct frames {
	unsigned of[PAGES];
};

static const char *library; /* where the vDSO lies */
static clock_reader *read_clock;

static int ask_clock(clockid_t clock, struct timespec *time)
{
	return (int)syscall(SYS_clock_gettime, clock, time);
}

/* The line of /proc/self/maps that names it. */
static void show_line(void)
{
	char line[160];
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "[vdso]"))
			printf("  %s", line);
	if (maps)
		fclose(maps);
}

static void frames_note(struct frames *frames)
{
	struct timespec time;

	read_clock(CLOCK_MONOTONIC, &time);
	for (unsigned i = 0; i < PAGES; i++)
		frames->of[i] = frame_of(0, library + i * PAGE);
}

/* In a second run of the program: not a fork, which would have the pages from its parent. */
void part_vdso(const char *fd)
{
	int number = 0;

	sscanf(fd, "%d", &number);
	library = (const char *)getauxval(AT_SYSINFO_EHDR);
	read_clock = vdso_function("LINUX_2.6", "__vdso_clock_gettime");
	struct frames *frames = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0);
	if (frames == MAP_FAILED || !read_clock)
		give_up("no shared memory, or no vDSO");
	frames_note(frames);
}

static void show_frames(void)
{
	struct frames own;
	char fd_text[12];
	int fd = memfd_create("frames", 0);

	if (fd < 0 || ftruncate(fd, PAGE) != 0)
		give_up("no shared memory");
	struct frames *other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (other == MAP_FAILED)
		give_up("no shared memory");
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	child_wait(part_start("vdso", fd_text));
	frames_note(&own);
	say("  code: frame %#x here, %#x in another program", own.of[0], other->of[0]);
	say("  time: frame %#x here, %#x in another program", own.of[1], other->of[1]);
	claim(own.of[0] && own.of[1] && memcmp(&own, other, sizeof(own)) == 0,
	      "both programs have the same two frames");
	munmap(other, PAGE);
	close(fd);
}

static uint64_t cycles_of(clock_reader *reader)
{
	struct timespec time;
	uint64_t before = cycles();

	for (unsigned i = 0; i < ROUNDS; i++)
		reader(CLOCK_MONOTONIC, &time);
	return (cycles() - before) / ROUNDS;
}

/* How often, asked and read in turn, a time was earlier than the one before. */
static unsigned steps_back(void)
{
	struct timespec time, last = {0};
	unsigned back = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		(i % 2 ? read_clock : ask_clock)(CLOCK_MONOTONIC, &time);
		back += time.tv_sec < last.tv_sec ||
		        (time.tv_sec == last.tv_sec && time.tv_nsec < last.tv_nsec);
		last = time;
	}
	return back;
}

void demo_vdso(void)
{
	library = (const char *)getauxval(AT_SYSINFO_EHDR);
	read_clock = vdso_function("LINUX_2.6", "__vdso_clock_gettime");
	say("Nobody opened this library: the kernel put it there, and said where.");
	show_line();
	claim(library && memcmp(library, "\177ELF", 4) == 0, "it is an ELF file, at %#x",
	      (unsigned)(uintptr_t)library);
	claim(read_clock, "__vdso_clock_gettime of LINUX_2.6 is found in it, at %#x",
	      (unsigned)(uintptr_t)read_clock);
	if (!read_clock)
		return;

	step("one fault brings both pages, and they are everybody's");
	show_frames();

	step("nobody but the kernel writes there");
	struct trap trap = trap_of(write_byte, (void *)(library + PAGE));
	claim(trap.signal == 11, "a write to the time page: %s", trap.why);

	step("the time, read and asked for");
	uint64_t asked = cycles_of(ask_clock), read = cycles_of(read_clock);
	say("  by a system call %u cycles, by reading %u", (unsigned)asked, (unsigned)read);
	claim(steps_back() == 0, "in %u times, read and asked for in turn, it never goes back",
	      ROUNDS);
	try_next("  demo segv                          what else may not be written\n"
	         "  date -s 2030-01-01; demo vdso      the kernel changed the page for all\n"
	         "  clock.share=0                      on the kernel's command line: nobody reads,\n"
	         "                                     everybody asks\n");
}
