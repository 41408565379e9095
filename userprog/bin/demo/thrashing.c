/* SPDX-License-Identifier: MIT */
/*
 * Row 14: the working set, and thrashing. As long as the pages in use fit into memory, more of
 * them cost nothing; one step beyond, the program waits for the disk nearly all the time.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define FRAMES 128u         /* that one process may have */
#define TIME_NS 150000000ull /* of each measurement */
#define PROCESSES_MAX 6u

struct result {
	unsigned pages; /* of the working set */
	unsigned long touches, faults;
};

/* Writes to pages of the working set at random, for a while. */
static void work(char *memory, struct result *result, uint32_t seed)
{
	struct faults before = faults_now();
	uint64_t end = nanoseconds() + TIME_NS;

	do {
		for (unsigned i = 0; i < 50; i++)
			memory[next_random(&seed) % result->pages * PAGE]++;
		result->touches += 50;
	} while (nanoseconds() < end);
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

static void show(const char *what, unsigned count, const struct result *result)
{
	unsigned per_ms = (unsigned)(result->touches / (TIME_NS / 1000000));
	unsigned per_thousand = (unsigned)(result->faults * 1000 / result->touches);
	char bar[41] = "";
	unsigned length = 0;

	for (unsigned n = per_ms; n > 0 && length < 40; n /= 2) /* a logarithm */
		for (int i = 0; i < 2 && length < 40; i++)
			bar[length++] = '#';
	say("  %4u %-9s %8u a ms %6u faults in 1000  %s", count, what, per_ms, per_thousand, bar);
}

/* ---- many processes, and the machine's own memory ----------------------------------- */

static int ready[2], start_line[2];

static int one_of_many(void *shared)
{
	struct result *result = shared;
	char *memory = memory_map(result->pages * PAGE);
	char go;

	touch_write(memory, result->pages);
	if (write(ready[1], "r", 1) != 1 || read(start_line[0], &go, 1) != 1)
		return 1;
	work(memory, result, (uint32_t)getpid() * 7919 + 1);
	return 0;
}

static struct result together(unsigned processes, unsigned pages, struct result *results)
{
	struct result sum = {0};
	pid_t children[PROCESSES_MAX];

	char word;

	if (pipe(ready) || pipe(start_line))
		give_up("no pipe");
	for (unsigned i = 0; i < processes; i++) {
		results[i] = (struct result){.pages = pages};
		children[i] = child_start(one_of_many, &results[i]);
	}
	for (unsigned i = 0; i < processes; i++) /* until each has filled its memory */
		if (read(ready[0], &word, 1) != 1)
			give_up("a child is gone");
	if (write(start_line[1], "gggggg", processes) != (ssize_t)processes)
		give_up("the children are gone");
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(start_line[i]);
	}
	for (unsigned i = 0; i < processes; i++) {
		child_wait(children[i]);
		sum.touches += results[i].touches;
		sum.faults += results[i].faults;
	}
	return sum;
}

void demo_thrashing(void)
{
	struct result *results = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct result fits = {0}, large = {0};

	if (results == MAP_FAILED)
		give_up("no room");
	say("A process may have %u pages in memory (its code takes some). It writes to pages at\n"
	    "random, from a working set that grows. How much gets done?", FRAMES);
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
	claim(large.touches * 4 < fits.touches,
	      "twice what fits: throughput falls to 1/%lu, not to a half",
	      fits.touches / (large.touches ? large.touches : 1));

	long free = meminfo("MemAvailable"), swap = meminfo("SwapFree");
	unsigned pages = (unsigned)(free / 4) * 10 / 45; /* four fit, five do not */
	if (swap < free) {
		say("\n(With a swap device as large as memory there would be a second part.)");
		return;
	}
	step("more and more processes, each with %u pages, and %ld KiB of memory for all", pages,
	     free);
	unsigned long best = 0, last = 0;
	for (unsigned processes = 1; processes <= PROCESSES_MAX; processes++) {
		struct result sum = together(processes, pages, results);
		show(processes == 1 ? "process" : "processes", processes, &sum);
		best = sum.touches > best ? sum.touches : best;
		last = sum.touches;
	}
	claim(last * 2 < best, "with %u processes the machine does 1/%lu of its best", PROCESSES_MAX,
	      best / (last ? last : 1));
	try_next("  vmstat-like: grep -E 'pswp|evict' /proc/vmstat    while it runs, from another shell\n"
	         "  make qemu MEM=16 and MEM=64                       the knee moves\n"
	         "  echo fifo >/proc/sys/vm/policy; demo thrashing    no policy helps much here\n");
}
