/* SPDX-License-Identifier: MIT */
/*
 * Under a resident limit the policy chooses among the program's own pages, whatever else the
 * machine holds: with a thousand pages of other programs, and more of a file that was read, a load
 * takes about as many faults as the pages ask for that are used in turn, under the default as
 * under clock, and no policy looks at more pages than a few for each fault. Of a loop that is larger
 * than the limit the default keeps as much as the best, whether nearly all of it fits or half.
 * A limit of many pages holds as well, and no byte is lost.
 *
 * Pagoda only: Linux does not enforce RLIMIT_RSS.
 * guest: mem=24 swap=32 pagoda-only
 */
#include <limits.h>
#include <sys/param.h>

#include "tests/test.h"

#define HOT 24u     /* pages used between any two others */
#define COLD 160u   /* pages used in turn */
#define STEPS 480
#define LIMIT 64u
#define LOOP_MORE 150u
#define LOOP_HALF 100u
#define MANY_LIMIT 1000u
#define MANY 1400u
#define OTHERS 1000u /* pages of another program */

static long looks(void)
{
	return proc_number("/proc/vmstat", "pgscan");
}

/* The policy, in force from now on. */
static void choose(const char *policy)
{
	int fd = open("/proc/sys/vm/policy", O_WRONLY);
	CHECK(fd >= 0 && write(fd, policy, strlen(policy)) == (ssize_t)strlen(policy), "%s",
	      policy);
	close(fd);
}

/* The load, in a child: how many faults it took. With so many hot pages after each of the others. */
static void run(volatile long *faults, unsigned pages, unsigned hot_ones)
{
	struct rlimit limit = {pages * PAGE, pages * PAGE};
	volatile char *hot = memory_map(HOT * PAGE, PROT_READ | PROT_WRITE);
	volatile char *cold = memory_map(COLD * PAGE, PROT_READ | PROT_WRITE);

	for (unsigned i = 0; i < HOT; i++)
		hot[i * PAGE] = 1;
	for (unsigned i = 0; i < COLD; i++)
		cold[i * PAGE] = 1;
	CHECK(setrlimit(RLIMIT_RSS, &limit) == 0, "a limit of %u pages", pages);
	long before = faults_minor() + faults_major();
	for (int step = 0; step < STEPS; step++) {
		cold[(unsigned)step % COLD * PAGE] ^= 1;
		for (unsigned i = 0; i < hot_ones; i++)
			hot[((unsigned)step * hot_ones + i) % HOT * PAGE] ^= 1;
	}
	*faults = faults_minor() + faults_major() - before;
	_exit(0);
}

/* Under one policy. Returns the faults. */
static long measure_load(const char *policy, volatile long *shared, unsigned pages, unsigned hot_ones)
{
	choose(policy);
	long looked = looks();
	pid_t child = fork_checked();
	if (!child)
		run(shared, pages, hot_ones);
	wait_success(child);
	looked = looks() - looked;
	say("%s, %u pages: %ld faults, %ld looks", policy, pages, *shared, looked);
	CHECK(!pages_stay() || looked < 10 * *shared, "%s: few looks a fault", policy);
	return *shared;
}

static long measure(const char *policy, volatile long *shared)
{
	return measure_load(policy, shared, LIMIT, 4);
}

/* A loop, under the default and under the others. */
static void loop(volatile long *shared, unsigned pages)
{
	static const char *const others[] = {"fifo", "random", "aging", "clock"};
	long best = LONG_MAX, mine = measure_load("s3fifo", shared, pages, 0);

	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		best = MIN(best, measure_load(others[i], shared, pages, 0));
	CHECK(!pages_stay() || mine * 10 <= best * 11, "a loop at %u pages: %ld faults, %ld", pages,
	      mine, best);
}

/* A limit so large that the program's pages stand in several queues: it holds, and no byte is lost
 * while pages come and go, some of them locked meanwhile. */
static void many_pages(void *policy)
{
	struct rlimit limit = {MANY_LIMIT * PAGE, MANY_LIMIT * PAGE};
	char *memory = memory_map(MANY * PAGE, PROT_READ | PROT_WRITE);

	choose(policy);
	CHECK(setrlimit(RLIMIT_RSS, &limit) == 0, "a limit of %u pages", MANY_LIMIT);
	for (unsigned i = 0; i < MANY; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(mlock(memory, MANY_LIMIT / 2 * PAGE) == 0, "half of what may be here is locked");
	for (unsigned i = MANY; i-- > 0;)
		CHECK(page_has(memory + i * PAGE, i), "page %u", i);
	CHECK(munlock(memory, MANY * PAGE) == 0, "nothing is locked");
	for (unsigned i = 0; i < MANY; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u, later", i);
	long resident = proc_number("/proc/self/status", "VmRSS") * 1024 / (long)PAGE;
	CHECK(resident <= (long)MANY_LIMIT, "%ld pages are resident, under %s", resident,
	      (char *)policy);
}

int main(void)
{
	volatile long *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *others = memory_map(OTHERS * PAGE, PROT_READ | PROT_WRITE);

	for (unsigned i = 0; i < OTHERS; i++)
		others[i * PAGE] = 1;
	long fifo = measure("fifo", shared), random = measure("random", shared);
	long aging = measure("aging", shared), clock = measure("clock", shared);
	long s3fifo = measure("s3fifo", shared);
	loop(shared, LOOP_MORE);
	loop(shared, LOOP_HALF);
	in_child(many_pages, "random");
	in_child(many_pages, "s3fifo");
	if (!pages_stay())
		return 0;
	CHECK(clock < STEPS + STEPS / 4, "clock keeps the hot pages");
	CHECK(aging < STEPS + STEPS / 4, "aging, too");
	CHECK(s3fifo * 10 <= clock * 11, "and s3fifo");
	CHECK(fifo > clock && random > clock, "those that do not look keep fewer");
	CHECK(fifo < 3 * STEPS && random < 3 * STEPS, "but no policy loses the code in use");
	return 0;
}
