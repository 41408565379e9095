/* SPDX-License-Identifier: MIT */
/*
 * How costs grow, with memory, with areas, with processes: lines
 *
 *   curve NAME X TICKS
 *
 * with X in MiB, or a number of areas, of entries that map a page, of processes, or of names in a
 * directory. The argument `memory=N` is the most MiB; other words choose parts (the table at the
 * end).
 */
#include "tests/bench/bench.h"

#include <sys/mount.h>

#define FAULTS      64u
#define TURNS       32
#define SAMPLES     5
#define FILE_MIB    1024u /* more than there is memory */
#define AREAS_MAX   60000u
#define MAPPERS_MAX 10000u
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

/* ---- entries that map one page --------------------------------------------------------- */

static int mapped_often;
static char *first_of_many;

/* Maps the file's page so often, side by side, and reads it by each. */
static void mappers_make(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		char *at = first_of_many + i * PAGE;

		CHECK(mmap(at, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, mapped_often, 0) == at,
		      "mapping %u", i);
		(void)*(volatile char *)at;
	}
}

/* Each time other ones, which came neither first nor last. */
static unsigned next_mapper;

static void entries_drop(void)
{
	madvise(first_of_many + next_mapper * PAGE, FAULTS * PAGE, MADV_DONTNEED);
	next_mapper += FAULTS;
}

static void with_mappers(void)
{
	unsigned made = 0;

	mapped_often = open("curves.dat", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(mapped_often >= 0 && ftruncate(mapped_often, PAGE) == 0, "a file of one page");
	first_of_many = mmap(NULL, MAPPERS_MAX * PAGE, PROT_NONE,
	                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (unsigned mappers = 1000; mappers <= MAPPERS_MAX; mappers *= 10) {
		mappers_make(made, mappers);
		made = mappers;
		next_mapper = mappers / 3;
		point("mappers-unmap", mappers, NULL, entries_drop, NULL, FAULTS);
	}
	munmap(first_of_many, MAPPERS_MAX * PAGE);
	close(mapped_often);
	unlink("curves.dat");
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

/* Waits for a byte, hands it on, and ends. */
static _Noreturn void ring_member(int from, int to)
{
	char byte;

	CHECK(read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1, "the byte comes by");
	_exit(0);
}

/* From the parent's byte on, until the last of the ring has been waited for: for each of them. */
static uint64_t ring_cost(unsigned members)
{
	int first[2], from[2], to[2];

	CHECK(pipe(first) == 0, "a pipe");
	from[0] = dup(first[0]);
	for (unsigned i = 0; i < members; i++) {
		CHECK(pipe(to) == 0, "a pipe");
		if (!fork_checked())
			ring_member(from[0], to[1]);
		close(from[0]);
		close(to[1]);
		from[0] = to[0];
	}
	usleep(100000);
	uint64_t start = ticks();
	write(first[1], "", 1);
	for (unsigned i = 0; i < members; i++)
		CHECK(wait(NULL) > 0, "member %u has ended", i);
	uint64_t cost = ticks() - start;
	close(from[0]);
	close(first[0]);
	close(first[1]);
	return cost / members;
}

static void with_rings(void)
{
	for (unsigned members = 10; members <= PROCESSES; members *= 10)
		say("curve processes-ring %u %llu", members,
		    (unsigned long long)ring_cost(members));
}

/* ---- names in a directory ---------------------------------------------------------------- */

static unsigned names;

static void name_write(char *to, unsigned i)
{
	snprintf(to, 16, "n%u", i);
}

static void names_stat(void)
{
	struct stat status;
	char name[16];

	for (unsigned i = 0; i < TURNS; i++) {
		name_write(name, i * 7919 % names);
		stat(name, &status);
	}
}

static void names_absent(void)
{
	struct stat status;
	char name[16];

	for (unsigned i = 0; i < TURNS; i++) {
		name_write(name, names + i);
		stat(name, &status);
	}
}

static void names_make_and_remove(void)
{
	char name[16];

	for (unsigned i = 0; i < TURNS; i++) {
		name_write(name, names + i);
		link("first", name);
	}
	for (unsigned i = 0; i < TURNS; i++) {
		name_write(name, names + i);
		unlink(name);
	}
}

/* All are names of one file, so that it is the directory alone that grows. */
static void with_names(const char *folder, const char *where, unsigned most)
{
	char name[32];

	CHECK(chdir(folder) == 0, "in %s", folder);
	close(open("first", O_RDWR | O_CREAT, 0600));
	for (unsigned made = 0; made < most; ) {
		names = made ? made * 10 : 10;
		for (; made < names; made++) {
			name_write(name, made);
			CHECK(link("first", name) == 0, "%s", name);
		}
		snprintf(name, sizeof name, "names-%s-stat", where);
		point(name, names, names_stat, names_stat, NULL, TURNS);
		snprintf(name, sizeof name, "names-%s-absent", where);
		point(name, names, names_absent, names_absent, NULL, TURNS);
		snprintf(name, sizeof name, "names-%s-make", where);
		point(name, names, NULL, names_make_and_remove, NULL, TURNS);
	}
	CHECK(chdir("..") == 0, "out of it");
}

static void with_directories(void)
{
	CHECK(mkdir("names-disk", 0700) == 0 && mkdir("names-memory", 0700) == 0, "two directories");
	with_names("names-disk", "disk", 10000);
	CHECK(mount("none", "names-memory", "tmpfs", 0, "size=64m") == 0, "a tmpfs");
	with_names("names-memory", "memory", 100000);
	umount("names-memory");
}

static unsigned most = 512;

static void with_memories(void)
{
	end_of_child = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (unsigned mib = 1; mib <= most; mib *= 2)
		with_memory(mib);
}

static const struct {
	const char *name;
	void (*measure)(void);
} parts[] = {
	{"memory", with_memories}, {"eviction", read_hole}, {"areas", with_areas},
	{"mappers", with_mappers}, {"processes", with_processes}, {"rings", with_rings},
	{"directories", with_directories},
};

/* Words choose parts by name; without any all are measured. */
int main(int count, char **arguments)
{
	bool all = true;

	for (int i = 1; i < count; i++)
		if (strncmp(arguments[i], "memory=", 7) == 0)
			most = strtoul(arguments[i] + 7, NULL, 10);
		else
			all = false;
	for (unsigned part = 0; part < sizeof parts / sizeof parts[0]; part++) {
		bool chosen = all;

		for (int i = 1; i < count; i++)
			chosen |= strcmp(arguments[i], parts[part].name) == 0;
		if (chosen)
			parts[part].measure();
	}
	return 0;
}
