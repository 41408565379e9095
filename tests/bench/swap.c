/* SPDX-License-Identifier: MIT */
/*
 * Memory that does not fit, with the same room on every kernel: what is free beyond FREE is
 * locked away first. Each row tells, besides its ticks per page touched,
 *
 *   counts NAME pages N major N reads N writes N sectors-read N sectors-written N
 *
 * With the argument `references NAME` it tells instead which pages the row touches, a number a
 * line, after a line `measured` those that count; from that the least possible number of faults
 * is worked out (OPT).
 */
#include "tests/bench/bench.h"
#include "tests/disk.h"

#define FREE    PAGES(24 * MIB)
#define REGION  PAGES(64 * MIB)
#define RANDOM  8192u
#define HOT     PAGES(12 * MIB)
#define SCAN    PAGES(4 * MIB)
#define ROUNDS  24u
#define LOOP    (FREE + FREE / 10)
#define LOOPS   6u
#define FIRST_RUN 256u            /* pages of the shortest runs that are merged */
#define MERGED    (5 * REGION)    /* pages touched by that: 5 times from half to half */
#define PART      PAGES(16 * MIB) /* of each of two that take turns */
#define TURNS     8u

static bool only_tell;
static char *region;

static void touch(unsigned page, bool write)
{
	volatile char *at = region + page * PAGE;

	if (only_tell)
		printf("%u\n", page);
	else if (write)
		*at = page | 1;
	else
		CHECK(*at == (char)(page | 1), "page %u keeps its byte", page);
}

/* ---- the rows ----------------------------------------------------------------------- */

static void write_all(unsigned pages)
{
	for (unsigned page = 0; page < pages; page++)
		touch(page, true);
}

static void write_region(void)
{
	write_all(REGION);
}

static void write_loop(void)
{
	write_all(LOOP);
}

static void read_region(void)
{
	for (unsigned page = 0; page < REGION; page++)
		touch(page, false);
}

/* Other memory: when the row begins nothing is free any more, and the disk is at work. */
static void fill_memory(void)
{
	memory_get(FREE + PAGES(40 * MIB));
	memory_write();
}

static void read_random(void)
{
	uint32_t state = 1;

	for (unsigned i = 0; i < RANDOM; i++)
		touch(next_random(&state) % REGION, false);
}

/* The hot pages twice a round, and a scan through some of the cold ones, each once in a while. */
static void hot_and_scans(void)
{
	unsigned cold = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 2 * HOT; i++)
			touch(i % HOT, false);
		for (unsigned i = 0; i < SCAN; i++, cold++)
			touch(HOT + cold % (REGION - HOT), false);
	}
}

static void loop(void)
{
	for (unsigned i = 0; i < LOOPS * LOOP; i++)
		touch(i % LOOP, false);
}

/* Merges two runs of pages: whichever of them is next is up to chance, as with records in no
 * order. */
static void merge(unsigned left, unsigned right, unsigned to, unsigned run, uint32_t *state)
{
	unsigned lefts = 0, rights = 0;

	for (unsigned i = 0; i < 2 * run; i++) {
		bool from_left = rights == run || (lefts < run && next_random(state) & 1);
		touch(from_left ? left + lefts++ : right + rights++, false);
		touch(to + i, true);
	}
}

/* From one half of the region to the other and back, runs of twice the length each time. */
static void merge_sort(void)
{
	uint32_t state = 1;
	unsigned from = 0, half = REGION / 2;

	for (unsigned run = FIRST_RUN; run < half; run *= 2, from = half - from)
		for (unsigned at = 0; at < half; at += 2 * run)
			merge(from + at, from + at + run, half - from + at, run, &state);
}

/* As two programs that take turns: each reads and changes all of its pages, in another order each
 * time. */
static void turns(void)
{
	for (unsigned turn = 0; turn < TURNS; turn++)
		for (unsigned i = 0; i < PART; i++) {
			unsigned page = turn % 2 * PART + i * (2 * turn + 3) % PART;

			touch(page, false);
			touch(page, true);
		}
}

static const struct pattern {
	const char *name;
	void (*before)(void);
	void (*run)(void);
	unsigned touched; /* pages, by run */
} patterns[] = {
	{"swap-write", fill_memory, write_region, REGION},
	{"swap-read", write_region, read_region, REGION},
	{"swap-random", write_region, read_random, RANDOM},
	{"swap-hot-scan", write_region, hot_and_scans, ROUNDS * (2 * HOT + SCAN)},
	{"swap-loop", write_loop, loop, LOOPS * LOOP},
	{"swap-merge-sort", write_region, merge_sort, MERGED},
	{"swap-turns", write_region, turns, 2 * TURNS * PART},
};

#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

/* ---- measuring them ----------------------------------------------------------------- */

/* Locks memory until only FREE is left to have. */
static void lock_rest(void)
{
	while (PAGES(meminfo("MemAvailable") * 1024) > FREE) {
		size_t more = meminfo("MemAvailable") * 1024 - FREE * PAGE;
		char *memory = mmap(NULL, more > MIB ? MIB : PAGE, PROT_READ | PROT_WRITE,
		                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		CHECK(memory != MAP_FAILED, "memory to lock");
		CHECK(mlock(memory, more > MIB ? MIB : PAGE) == 0, "mlock");
	}
}

static void measure(const struct pattern *pattern)
{
	region = mmap(NULL, REGION * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	              -1, 0);
	CHECK(region != MAP_FAILED, "memory");
	madvise(region, REGION * PAGE, MADV_NOHUGEPAGE);
	pattern->before();
	tell_operations(pattern->touched);

	/* Of all disks; only the swap disk has anything to do. */
	struct disk_traffic before = disk_traffic(NULL);
	long major = faults_major();
	uint64_t cost = ticks_of(pattern->run);
	major = faults_major() - major;
	struct disk_traffic after = disk_traffic(NULL);

	tell(pattern->name, cost / pattern->touched);
	say("counts %s pages %u major %ld reads %lu writes %lu sectors-read %lu "
	    "sectors-written %lu",
	    pattern->name, pattern->touched, major, after.reads - before.reads,
	    after.writes - before.writes, after.sectors_read - before.sectors_read,
	    after.sectors_written - before.sectors_written);
	munmap(region, REGION * PAGE);
	if (pattern->before == fill_memory)
		memory_drop();
}

static int tell_references(const char *name)
{
	only_tell = true;
	for (unsigned i = 0; i < PATTERNS; i++) {
		if (strcmp(patterns[i].name, name) != 0)
			continue;
		patterns[i].before();
		printf("measured\n");
		patterns[i].run();
		return 0;
	}
	return 1;
}

int main(int count, char **arguments)
{
	if (count == 3 && strcmp(arguments[1], "references") == 0)
		return tell_references(arguments[2]);
	choose(arguments);
	lock_rest();
	uint64_t tick = ticks(), nanosecond = nanoseconds();

	for (unsigned i = 0; i < PATTERNS; i++)
		if (chosen(patterns[i].name))
			measure(&patterns[i]);
	say("clock %llu %llu", (unsigned long long)(ticks() - tick),
	    (unsigned long long)(nanoseconds() - nanosecond));
	return 0;
}
