/* SPDX-License-Identifier: MIT */
/*
 * Threads fault on the same page at the same time, whatever it has: nothing, a file's bytes, a page
 * shared with a forked process, in memory or on the swap device. Memory is short, so that a fault
 * sleeps for its frame while the next one decides the same. Each thread writes a word of its own
 * in every page: were one page made twice, what one of them wrote would be lost.
 * guest: mem=10 swap=48
 */
#include "tests/test.h"
#include "tests/threads.h"

#include <sched.h>

#define THREADS 4u
#define COUNT 96u
#define WORDS (PAGE / sizeof(uint32_t))
#define HOG_PAGES 1800u /* with these, memory is short */
#define ROUNDS_MOST 60u

static volatile uint32_t *pages; /* what the threads of this round touch */
static bool reads_first;
static uint32_t arrived;

static uint32_t stamp(uint32_t thread, uint32_t page)
{
	return thread << 24 | page << 8 | 0x5a;
}

/* All threads leave here for the same page. */
static void meet(uint32_t page)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < THREADS * (page + 1))
		sched_yield();
}

static void touch_all(void *argument)
{
	uint32_t self = (uint32_t)argument;
	for (uint32_t page = 0; page < COUNT; page++) {
		volatile uint32_t *word = &pages[page * WORDS + self];
		meet(page);
		if (reads_first)
			(void)*word;
		*word = stamp(self, page);
	}
}

static void touch_side_by_side(const char *what, volatile uint32_t *memory)
{
	struct test_thread threads[THREADS];
	pages = memory;
	arrived = 0;
	for (uint32_t i = 0; i < THREADS; i++)
		thread_begin(&threads[i], touch_all, (void *)i);
	for (uint32_t i = 0; i < THREADS; i++)
		thread_await(&threads[i]);
	for (uint32_t page = 0; page < COUNT; page++)
		for (uint32_t i = 0; i < THREADS; i++)
			CHECK(memory[page * WORDS + i] == stamp(i, page),
			      "%s: page %u has what thread %u wrote", what, page, i);
}

static void *map(int flags, int file, uint32_t count)
{
	void *memory = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
	CHECK(memory != MAP_FAILED, "memory");
	return memory;
}

/* More than there is of memory, all written: the rest goes to the swap device. */
static void fill_memory(uint32_t *hog, uint32_t round)
{
	for (uint32_t page = 0; page < HOG_PAGES; page++)
		hog[page * WORDS] = page + round;
}

static void check_tail(const volatile uint32_t *memory, const char *what)
{
	for (uint32_t page = 0; page < COUNT; page++)
		CHECK(memory[page * WORDS + WORDS - 1] == 77 + page, "%s: page %u keeps its end", what,
		      page);
}

static void set_tail(volatile uint32_t *memory)
{
	for (uint32_t page = 0; page < COUNT; page++)
		memory[page * WORDS + WORDS - 1] = 77 + page;
}

/* A forked process has the pages, too, and sees none of what is written. */
static void with_forked(const char *what, uint32_t *hog, uint32_t round, bool swapped)
{
	volatile uint32_t *memory = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, COUNT);
	int go[2];
	char byte;
	set_tail(memory);
	CHECK(pipe(go) == 0, "a pipe");
	pid_t child = fork();
	if (child == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 0)
			_exit(1);
		for (uint32_t page = 0; page < COUNT; page++)
			for (uint32_t word = 0; word < THREADS; word++)
				if (memory[page * WORDS + word] != 0)
					_exit(2);
		check_tail(memory, "of the forked process");
		_exit(0);
	}
	close(go[0]);
	if (swapped)
		fill_memory(hog, round);
	touch_side_by_side(what, memory);
	check_tail(memory, what);
	close(go[1]);
	int status;
	CHECK(waitpid(child, &status, 0) == child && status == 0,
	      "%s: the forked process sees its own (status %#x)", what, status);
	munmap((void *)memory, COUNT * PAGE);
}

static void of_kind(const char *what, int flags, int file)
{
	volatile uint32_t *memory = map(flags, file, COUNT);
	touch_side_by_side(what, memory);
	if (file >= 0)
		check_tail(memory, what);
	munmap((void *)memory, COUNT * PAGE);
}

static int make_file(void)
{
	int file = open("/tmp/threads-beside", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(file >= 0 && ftruncate(file, COUNT * PAGE) == 0, "a file");
	volatile uint32_t *memory = map(MAP_SHARED, file, COUNT);
	set_tail(memory);
	munmap((void *)memory, COUNT * PAGE);
	return file;
}

int main(void)
{
	uint32_t *hog = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, HOG_PAGES);
	int file = make_file();
	long before = proc_number("/proc/vmstat", "fault_beside"), beside = 0;
	uint32_t round = 0;
	do {
		reads_first = round % 2;
		fill_memory(hog, round);
		of_kind("pages of zeros", MAP_PRIVATE | MAP_ANONYMOUS, -1);
		of_kind("copies of a file", MAP_PRIVATE, file);
		with_forked("copies on write", hog, round, false);
		with_forked("copies of pages that are out", hog, round, true);
		beside = proc_number("/proc/vmstat", "fault_beside") - before;
	} while (++round < 2 || (before >= 0 && beside == 0 && round < ROUNDS_MOST));
	of_kind("a shared file", MAP_SHARED, file);
	unlink("/tmp/threads-beside");
	CHECK(before < 0 || beside > 0, "no fault of %u rounds met another", round);
	for (uint32_t page = 0; page < HOG_PAGES; page++)
		CHECK(hog[page * WORDS] == page + round - 1, "page %u of the memory around", page);
	say("%u threads on the same pages, and no page was made twice", THREADS);
	return 0;
}
