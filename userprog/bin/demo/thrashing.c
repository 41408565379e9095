/* SPDX-License-Identifier: MIT */
/*
 * Row 14: the working set, and thrashing. As long as the pages in use fit into memory, more of
 * them cost nothing; one step beyond, the program waits for the disk nearly all the time.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define FRAMES 128u          /* that one process may have */
#define TIME_NS 150000000ull /* of each measurement */
#define PROCESSES_MAX 6u

struct result {
	unsigned pages; /* of the working set */
	unsigned long touches, faults;
	uint64_t ns;
};

/* Writes to pages of the working set at random, for a while. */
static void work(char *memory, struct result *result, uint32_t seed)
{
	struct faults before = faults_now();
	uint64_t start = nanoseconds();

	do {
		for (unsigned i = 0; i < 50; i++)
			memory[next_random(&seed) % result->pages * PAGE]++;
		result->touches += 50;
	} while ((result->ns = nanoseconds() - start) < TIME_NS);
	struct faults faults = faults_since(before);
	result->faults = (unsigned long)(faults.minor + faults.major);
}

static int limited(void *shared)
{
	struct result *result = shared;
	char *memory = memory_map(result->pages * PAGE);

	limit_resident(FRAMES);
	touch_write(memory, result->pages);
	work(memory, result, 12345);
	return 0;
}

static unsigned per_thousand(const struct result *result)
{
	return (unsigned)((uint64_t)result->faults * 1000 / result->touches);
}

static void show(const char *what, unsigned count, const struct result *result)
{
	unsigned per_ms = (unsigned)((uint64_t)result->touches * 1000000 / result->ns);
	char bar[41] = "";
	unsigned length = 0;

	for (unsigned n = per_ms; n > 0 && length < 40; n /= 2) /* a logarithm */
		for (int i = 0; i < 2 && length < 40; i++)
			bar[length++] = '#';
	say("  %4u %-9s %8u a ms %6u faults in 1000  %s", count, what, per_ms,
	    per_thousand(result), bar);
}

/* ---- many processes, and the machine's own memory ----------------------------------- */

#define TURN 400u /* touches, until it is another process's turn */

struct worker {
	struct result *result; /* shared memory */
	int turn[2], done[2];  /* pipes: a byte starts a turn, a byte ends it */
	pid_t process;
};

static int take_turns(void *argument)
{
	struct worker *worker = argument;
	struct result *result = worker->result;
	char *memory = memory_map(result->pages * PAGE), word;
	uint32_t seed = (uint32_t)getpid() * 7919 + 1;

	close(worker->turn[1]);
	touch_write(memory, result->pages);
	while (write(worker->done[1], "d", 1) == 1 && read(worker->turn[0], &word, 1) == 1) {
		struct faults before = faults_now();
		for (unsigned i = 0; i < TURN; i++)
			memory[next_random(&seed) % result->pages * PAGE]++;
		struct faults faults = faults_since(before);
		result->touches += TURN;
		result->faults += (unsigned long)(faults.minor + faults.major);
	}
	return 0;
}

static void await(struct worker *worker)
{
	char word;

	if (read(worker->done[0], &word, 1) != 1)
		give_up("a child is gone");
}

/* The processes take turns, so that none gets ahead of the others. */
static struct result together(unsigned processes, unsigned pages, struct result *results)
{
	struct worker workers[PROCESSES_MAX];
	struct result sum = {.pages = pages};

	for (unsigned i = 0; i < processes; i++) {
		results[i] = (struct result){.pages = pages};
		workers[i].result = &results[i];
		if (pipe(workers[i].turn) || pipe(workers[i].done))
			give_up("no pipe");
		workers[i].process = child_start(take_turns, &workers[i]);
		await(&workers[i]); /* its memory is filled */
	}
	for (uint64_t start = nanoseconds(); sum.ns < TIME_NS; sum.ns = nanoseconds() - start)
		for (unsigned i = 0; i < processes; i++) {
			if (write(workers[i].turn[1], "t", 1) != 1)
				give_up("a child is gone");
			await(&workers[i]);
		}
	for (unsigned i = processes;
	     i-- > 0;) { /* the last one first: others have its pipe's end */
		for (int end = 0; end < 2; end++) {
			close(workers[i].turn[end]);
			close(workers[i].done[end]);
		}
		child_wait(workers[i].process);
		sum.touches += results[i].touches;
		sum.faults += results[i].faults;
	}
	return sum;
}

void demo_thrashing(void)
{
	struct result *results =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct result fits = {0}, large = {0};

	if (results == MAP_FAILED)
		give_up("no room");
	say("A process may have %u pages in memory (its code takes some). It writes to pages at\n"
	    "random, from a working set that grows. How much gets done?",
	    FRAMES);
	step("one process, more and more pages (the bar is logarithmic)");
	for (unsigned pages = FRAMES / 4; pages <= 2 * FRAMES; pages += FRAMES / 4) {
		*results = (struct result){.pages = pages};
		in_child(limited, results);
		show("pages", pages, results);
		if (pages == FRAMES / 2)
			fits = *results;
		large = *results;
	}
	claim(fits.faults * 50 < fits.touches, "what fits runs without faults");
	claim(large.faults * 4 > large.touches,
	      "twice what fits: of 1000 accesses %u wait for the disk", per_thousand(&large));

	long free = meminfo("MemAvailable"), swap = meminfo("SwapFree");
	unsigned pages = (unsigned)(free / 4) * 10 / 45; /* four fit, five do not */
	if (swap < free) {
		say("\n(With a swap device as large as memory there would be a second part.)");
		return;
	}
	step("more and more processes, each with %u pages, and %ld KiB of memory for all", pages,
	     free);
	struct result sum = {0}, one = {0};
	for (unsigned processes = 1; processes <= PROCESSES_MAX; processes++) {
		sum = together(processes, pages, results);
		show(processes == 1 ? "process" : "processes", processes, &sum);
		if (processes == 1)
			one = sum;
	}
	claim(one.faults * 50 < one.touches && sum.faults * 20 > sum.touches,
	      "one process waits %u times in 1000 accesses; %u of them, together, %u times",
	      per_thousand(&one), PROCESSES_MAX, per_thousand(&sum));
	try_next(
		"  grep -E 'pswp|evict' /proc/vmstat                 before and after\n"
		"  make qemu MEM=16 and MEM=64                       the knee moves\n"
		"  echo fifo >/proc/sys/vm/policy; demo thrashing    no policy helps much here\n");
}
