/* SPDX-License-Identifier: MIT */
/*
 * What the demos share. A demo is one function in a file of its own, entered in the table of
 * main.c. It says what it is about to show, does it, prints what it measured, and claims what
 * the numbers must prove: a claim that does not hold makes `demo NAME` fail.
 *
 * Numbers come from the kernel (/proc, getrusage) or from the processor (rdtsc), never from
 * what the author expects.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE 4096u
#define KIB 1024u
#define MIB (1024u * 1024)

/* ---- telling ----------------------------------------------------------------------- */

extern bool quiet;        /* --check: claims only */
extern unsigned failures; /* claims that did not hold, in this process and those it waited for */

/* A line of plain words. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A headline: what happens next. */
void step(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What is compared begins, or ends: all else is set-up, which make plot leaves out. */
void measuring(bool begins);
/* What the demo is called for a moment, for whoever reads a trace of it (docs/tracing.md). */
#define MARK_STEP "== step"
#define MARK_BEGINS "== begins"
#define MARK_ENDS "== ends"
/* What the numbers prove, in words; if they do not, the demo has failed. */
void claim(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The last lines: commands to try, one a line. */
void try_next(const char *hints);
/* Ends the demo: it cannot be shown on this machine. Not for what a claim should say. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- memory ------------------------------------------------------------------------ */

/* Anonymous private memory, readable and writable. Never NULL. */
char *memory_map(size_t bytes);
void touch_read(const char *memory, unsigned pages);  /* one byte of each page */
void touch_write(char *memory, unsigned pages);
/* A new file of that many pages on the disk (not in tmpfs), page i full of bytes seed + i,
 * written out, and its pages dropped from the page cache. Open for both. */
int file_on_disk(const char *path, unsigned pages, unsigned seed);
void cache_drop(void); /* clean pages of files that nobody maps leave memory */

/* ---- numbers ----------------------------------------------------------------------- */

/* The number after a name at the start of a line of a file ("MemFree: 12 kB"); -1: none. */
long number_in(const char *path, const char *name);
long vmstat(const char *counter); /* since boot */
long meminfo(const char *name);   /* KiB */

/* Where the page of an address is: an entry of /proc/PID/pagemap. pid 0: this process. */
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
uint64_t pagemap(pid_t pid, const void *address);
/* The number of the frame that holds the page; 0: none. */
unsigned frame_of(pid_t pid, const void *address);
/* How many entries map the frame, as the kernel's own frame table has it. */
unsigned times_mapped(unsigned frame);
/* How many of the pages have different frames in the two processes. */
unsigned frames_that_differ(pid_t one, pid_t other, const void *start, unsigned pages);

/* The states of the pages of a range. */
struct states {
	unsigned present, swapped, absent; /* absent: promised, and nowhere yet */
};
struct states states_of(const void *start, unsigned pages);

/* The walk of an address through directory and table, from /proc/PID/walk. */
struct walk {
	char text[512];       /* the lines of its area and of its page, for the reader */
	unsigned pointer_index, directory_index, table_index;
	bool three_levels;    /* PAE: a pointer to one of four directories comes first */
	bool present, writable, no_code, accessed, dirty;
	unsigned frame;
};
struct walk walk_of(pid_t pid, const void *address);
/* Whether the page tables can forbid execution (PAE with NX). */
bool can_forbid_execution(void);

/* Of this process and the children it waited for. */
struct faults {
	long minor, major;
};
struct faults faults_now(void);
struct faults faults_since(struct faults before);

uint64_t nanoseconds(void);
static inline uint64_t cycles(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}
/* The next number of a pseudo-random sequence; *state is not 0. */
uint32_t next_random(uint32_t *state);

/* ---- processes --------------------------------------------------------------------- */

/* Runs a function in a child and gives back what it returned (0 or 1); a child that was
 * killed fails the demo. What the child's claims found counts; if it gives up, so do we. */
int in_child(int (*run)(void *), void *argument);
pid_t child_start(int (*run)(void *), void *argument);
int child_wait(pid_t);

/* What happened to one access: the signal that answered it (0: none), why and where. */
struct trap {
	int signal, code;
	const char *why; /* si_code in words */
	uintptr_t address;
};
/* Calls the function, catching SIGSEGV, SIGBUS, SIGILL and SIGTRAP on a stack of its own. */
struct trap trap_of(void (*access)(void *), void *argument);
void read_byte(void *address);
void write_byte(void *address);

/* How many pages this process, and each child to come, may have in memory: RLIMIT_RSS. Pagoda
 * keeps it, by evicting the process's own pages as the replacement policy says. 0: no limit. */
void limit_resident(unsigned pages);
unsigned resident_pages(void);

/* The replacement policy in use, and others. */
#define POLICIES_MAX 8
struct policies {
	char names[POLICIES_MAX][16];
	unsigned count, current;
};
struct policies policies_read(void);
void policy_set(const char *name);

/* ---- the table --------------------------------------------------------------------- */

/* A demo whose second program is this one again: `demo --part NAME ARGUMENT...`. */
pid_t part_start(const char *name, const char *argument);

#define DEMOS(demo)                                                                        \
	demo(isolation) demo(walk) demo(tables) demo(tlb) demo(demand) demo(faults)        \
	demo(stack) demo(clock) demo(policies) demo(belady) demo(swap) demo(thrashing)     \
	demo(mmap) demo(cow) demo(shared) demo(segv) demo(nx) demo(text) demo(maps)        \
	demo(checkpoint) demo(watch) demo(pager) demo(malloc) demo(dma) demo(switch)       \
	demo(gdb) demo(dsm) demo(drill) demo(inverted) demo(threads) demo(vdso)
#define DEMO_DECLARE(name) void demo_##name(void);
DEMOS(DEMO_DECLARE)
#undef DEMO_DECLARE

void part_shared(const char *argument);
void part_text(const char *argument);
void part_vdso(const char *argument);
