/* SPDX-License-Identifier: MIT */
/*
 * How costs grow, with memory, with areas, with processes: lines
 *
 *   curve NAME X TICKS
 *
 * with X in MiB, or a number of areas or processes. The argument `memory=N` is the most MiB.
 */
#include "tests/bench/bench.h"

#define FAULTS      64u
#define TURNS       32
#define SAMPLES     5
#define FILE_MIB    1024u /* more than there is memory */
#define AREAS_MAX   60000u
#define PROCESSES   1000u

static void point(const char *name, unsigned x, void (*before)(void), void (*run)(void),
                  void (*after)(void), unsigned operations)
{
	uint64_t samples[SAMPLES];

	for (unsigned i = 0; i < SAMPLES; i++) {
		call(before);
		samples[i] = ticks_of(run);
		call(after);
	}
	say("curve %s %u %llu", name, x,
	    (unsigned long long)(median(samples, SAMPLES) / operations));
}

/* ---- what is done, whatever there is besides ----------------------------------------- */

static char *spare;

static void spare_get(void)
{
	spare = mmap(NULL, FAULTS * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	             -1, 0);
}

static void spare_write(void)
{
	for (unsigned i = 0; i < FAULTS; i++)
		((volatile char *)spare)[i * PAGE] = 1;
}

static void spare_drop(void)
{
	munmap(spare, FAULTS * PAGE);
}

static void fork_exit_wait(void)
{
	pid_t child = fork_checked();

	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
}

static void map_and_unmap(void)
{
	for (int i = 0; i < TURNS; i++) {
		void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		                -1, 0);

		munmap(at, PAGE);
	}
}

/* ---- memory -------------------------------------------------------------------------- */

static uint64_t *end_of_child; /* in shared memory */
static uint64_t end_cost;

static size_t size;

static void map_and_unmap_size(void)
{
	for (int i = 0; i < TURNS; i++)
		munmap(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		       size);
}

/* A child that has touched so much ends; its parent sees how long that took. */
static uint64_t exit_cost(unsigned mib)
{
	pid_t child = fork_checked();

	if (!child) {
		memory_get(PAGES(mib * MIB));
		memory_write();
		*end_of_child = ticks();
		_exit(0);
	}
	wait_success(child);
	return ticks() - *end_of_child;
}

static void exit_point(unsigned mib)
{
	uint64_t samples[SAMPLES];

	for (unsigned i = 0; i < SAMPLES; i++)
		samples[i] = exit_cost(mib);
	end_cost = median(samples, SAMPLES);
	say("curve exit %u %llu", mib, (unsigned long long)end_cost);
}

static void with_memory(unsigned mib)
{
	exit_point(mib);
	size = mib * MIB;
	point("mmap", mib, NULL, map_and_unmap_size, NULL, TURNS);
	memory_get(PAGES(mib * MIB));
	memory_write();
	point("fork", mib, NULL, fork_exit_wait, NULL, 1);
	point("fault", mib, spare_get, spare_write, spare_drop, FAULTS);
	memory_drop();
}

/* ---- eviction ---------------------------------------------------------------------------- */

/* Reads a file that is one hole, larger than memory: no disk is asked for its pages, and once
 * memory is full each needs another's place. Tells the cost of a page after so many MiB. */
static void read_hole(void)
{
	int fd = open("curves.dat", O_RDWR | O_CREAT, 0600);
	uint64_t cost = 0;
	char byte;

	CHECK(fd >= 0 && ftruncate(fd, FILE_MIB * MIB) == 0, "a file that is a hole");
	for (unsigned mib = 1, told = 1; mib <= FILE_MIB; mib++) {
		uint64_t start = ticks();

		for (unsigned page = 0; page < PAGES(MIB); page++)
			pread(fd, &byte, 1, (mib - 1) * MIB + page * PAGE);
		cost = ticks() - start;
		if (mib != told)
			continue;
		say("curve evict-page %u %llu", mib, (unsigned long long)cost / PAGES(MIB));
		told *= 2;
	}
	close(fd);
	unlink("curves.dat");
}

/* ---- areas ----------------------------------------------------------------------------- */

/* Every second page of the range is an area of its own, and so is every one between. */
static void areas_make(unsigned from, unsigned to)
{
	for (unsigned i = from | 1; i < to; i += 2)
		CHECK(mprotect(memory + i * PAGE, PAGE, PROT_READ) == 0, "area %u", i);
}

static void with_areas(void)
{
	unsigned made = 0;

	memory_get(AREAS_MAX);
	for (unsigned areas = 10; areas <= AREAS_MAX;
	     areas = areas == 10000 ? AREAS_MAX : areas * 10) {
		areas_make(made, areas);
		made = areas;
		point("areas-fault", areas, spare_get, spare_write, spare_drop, FAULTS);
		point("areas-mmap", areas, NULL, map_and_unmap, NULL, TURNS);
		point("areas-fork", areas, NULL, fork_exit_wait, NULL, 1);
	}
	memory_drop();
}

/* ---- processes --------------------------------------------------------------------------- */

static pid_t sleepers[PROCESSES];

static void yield_some(void)
{
	for (int i = 0; i < TURNS; i++)
		syscall(__NR_sched_yield);
}

static void with_processes(void)
{
	unsigned made = 0;

	for (unsigned processes = 1; processes <= PROCESSES; processes *= 10) {
		for (; made < processes; made++) {
			sleepers[made] = fork_checked();
			if (!sleepers[made]) {
				pause();
				_exit(0);
			}
		}
		usleep(100000);
		point("processes-fork", processes, NULL, fork_exit_wait, NULL, 1);
		point("processes-fault", processes, spare_get, spare_write, spare_drop, FAULTS);
		point("processes-yield", processes, NULL, yield_some, NULL, TURNS);
	}
	while (made > 0) {
		kill(sleepers[--made], SIGKILL);
		waitpid(sleepers[made], NULL, 0);
	}
}

int main(int count, char **arguments)
{
	unsigned most = 512;

	if (count > 1 && strncmp(arguments[1], "memory=", 7) == 0)
		most = strtoul(arguments[1] + 7, NULL, 10);
	end_of_child = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (unsigned mib = 1; mib <= most; mib *= 2)
		with_memory(mib);
	read_hole();
	with_areas();
	with_processes();
	return 0;
}
