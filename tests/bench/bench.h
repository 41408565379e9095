/* SPDX-License-Identifier: MIT */
/*
 * What the bench programs share: a list of rows, each measured several times, of which the
 * median is told as a line
 *
 *   row NAME TICKS
 *
 * with the ticks of the time-stamp counter that one operation takes. Under QEMU's
 * `-icount shift=0` a tick is an instruction. At the end stands `clock TICKS NANOSECONDS`, how
 * much of both went by while the program ran, which makes seconds of ticks elsewhere.
 *
 * The program's arguments choose rows by name; without any all are measured. With `once` first
 * a row is measured only once, after a line `operations N` and an answer: for scripts/profile.
 */
#pragma once

#include "tests/test.h"
#include <time.h>

struct row {
	const char *name;
	unsigned operations;    /* that one run does: what is told is a run's cost over this */
	void (*before)(void);   /* not measured; NULL: nothing to do */
	void (*run)(void);
	void (*overhead)(void); /* measured after the run, and subtracted: what of run is the
	                         * program's own doing; NULL: nothing worth it */
	void (*after)(void);    /* not measured; NULL: nothing to do */
	unsigned times;         /* how often; 0: TIMES */
};

static bool once;

#define TIMES     7
#define TIMES_MAX 31

static inline uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

static inline void nothing(void)
{
}

static inline void call(void (*function)(void))
{
	if (function)
		function();
}

/* What is between the two is what a row measures; scripts/profile knows them by name. */
static __attribute__((noinline)) uint64_t bench_begin(void)
{
	return ticks();
}

static __attribute__((noinline)) uint64_t bench_end(void)
{
	return ticks();
}

static inline uint64_t ticks_of(void (*function)(void))
{
	uint64_t start = bench_begin();

	function();
	return bench_end() - start;
}

static inline void tell(const char *name, uint64_t value)
{
	say("row %s %llu", name, (unsigned long long)value);
}

static inline int order_of_ticks(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* The median of some samples, which it sorts. */
static inline uint64_t median(uint64_t *samples, unsigned count)
{
	qsort(samples, count, sizeof(*samples), order_of_ticks);
	return samples[count / 2];
}

/* A kernel may have cleared frames while nothing ran, and a row would be cheaper by that, or not:
 * it depends on how long a disk took. They are used up first; a row that is about them idles. */
static inline void use_up_cleared_frames(void)
{
	size_t bytes = 8 * MIB;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory != MAP_FAILED)
		munmap(memory, bytes);
}

/* How many times a run does what the row is about; waits until the listener is ready. */
static inline void tell_operations(unsigned operations)
{
	char answer;

	if (!once)
		return;
	say("operations %u", operations);
	CHECK(read(STDIN_FILENO, &answer, 1) == 1, "an answer");
}

static inline uint64_t row_measure(const struct row *row)
{
	unsigned times = once ? 1 : row->times ? row->times : TIMES;
	uint64_t samples[TIMES_MAX];

	use_up_cleared_frames();
	tell_operations(row->operations);
	for (unsigned i = 0; i < times; i++) {
		call(row->before);
		uint64_t run = ticks_of(row->run);
		uint64_t overhead = ticks_of(row->overhead ? row->overhead : nothing);
		call(row->after);
		samples[i] = run > overhead ? run - overhead : 0;
	}
	return (median(samples, times) + row->operations / 2) / row->operations;
}

static char **wanted; /* names of rows; none: all */

/* Takes the program's arguments in. */
static inline void choose(char **arguments)
{
	wanted = arguments + 1;
	once = *wanted && strcmp(*wanted, "once") == 0;
	wanted += once;
}

static inline bool chosen(const char *name)
{
	if (!*wanted)
		return true;
	for (char **word = wanted; *word; word++)
		if (strcmp(*word, name) == 0)
			return true;
	return false;
}

static inline uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Measures the rows that the arguments choose. For main to return. */
static inline int bench(const struct row *rows, unsigned count, char **arguments)
{
	uint64_t tick = ticks(), nanosecond = nanoseconds();

	choose(arguments);
	for (unsigned i = 0; i < count; i++)
		if (chosen(rows[i].name))
			tell(rows[i].name, row_measure(&rows[i]));
	say("clock %llu %llu", (unsigned long long)(ticks() - tick),
	    (unsigned long long)(nanoseconds() - nanosecond));
	return 0;
}

#define BENCH(rows, arguments) bench(rows, sizeof(rows) / sizeof((rows)[0]), arguments)

/* ---- memory that rows work on ------------------------------------------------------- */

/* What one page directory entry maps, and a huge page of Linux. */
#define LARGE (4 * MIB)

static char *memory;         /* whole and aligned to LARGE */
static unsigned memory_pages;

/* Puts fresh anonymous memory there. The kernel is free to use large pages. */
static inline void memory_get(unsigned pages)
{
	char *all = mmap(NULL, pages * PAGE + LARGE, PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(all != MAP_FAILED, "mmap gives %u pages", pages);
	memory = (char *)(((uintptr_t)all + LARGE - 1) & -LARGE);
	memory_pages = pages;
	munmap(all, memory - all);
	munmap(memory + pages * PAGE, all + LARGE - memory);
}

static inline void memory_drop(void)
{
	munmap(memory, memory_pages * PAGE);
}

static inline void memory_write(void)
{
	char *end = memory + memory_pages * PAGE;

	for (volatile char *at = memory; at < end; at += PAGE)
		*at = 1;
}

static inline void memory_read(void)
{
	char *end = memory + memory_pages * PAGE;

	for (volatile char *at = memory; at < end; at += PAGE)
		(void)*at;
}
