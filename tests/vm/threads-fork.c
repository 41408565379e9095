/* SPDX-License-Identifier: MIT */
/*
 * Fork while other threads write: what the child has stands still, though the parent's threads go
 * on, and each of its pages is as it was at one moment. Then exec, and the end of all, by a thread
 * while others fault.
 * guest: mem=24 swap=32
 */
#include "tests/test.h"
#include "tests/threads.h"

#define PAGES_WRITTEN 64u
#define WRITERS 3
#define FORKS 25

struct pair {
	volatile uint32_t first, second; /* `first` is written before `second` */
	char rest[PAGE - 8];
};

static struct pair *pairs;
static volatile bool over;

static void write_all(void *argument)
{
	uint32_t own = (uint32_t)argument;
	for (uint32_t number = 1; !over; number++)
		for (uint32_t page = own; page < PAGES_WRITTEN; page += WRITERS) {
			pairs[page].first = number;
			pairs[page].second = number;
		}
}

static void stand_still(void *unused)
{
	uint32_t seen[PAGES_WRITTEN];
	(void)unused;
	for (uint32_t page = 0; page < PAGES_WRITTEN; page++) {
		seen[page] = pairs[page].first;
		CHECK(seen[page] - pairs[page].second <= 1, "page %u is of one moment", page);
	}
	for (int times = 0; times < 5; times++) {
		syscall(__NR_sched_yield);
		for (uint32_t page = 0; page < PAGES_WRITTEN; page++)
			CHECK(pairs[page].first == seen[page], "page %u stands still", page);
	}
	for (uint32_t page = 0; page < PAGES_WRITTEN; page++)
		pairs[page].first = pairs[page].second = 0; /* the parent does not see this */
}

static void forks(void)
{
	struct test_thread writers[WRITERS];
	for (uint32_t i = 0; i < WRITERS; i++)
		thread_begin(&writers[i], write_all, (void *)i);
	for (int i = 0; i < FORKS; i++) {
		in_child(stand_still, NULL);
		for (uint32_t page = 0; page < PAGES_WRITTEN; page++)
			CHECK(i < 2 || pairs[page].first, "page %u is the parent's own", page);
	}
	over = true;
	for (int i = 0; i < WRITERS; i++)
		thread_await(&writers[i]);
	say("%d forks with %d threads that write", FORKS, WRITERS);
}

/* ---- the end, and exec ------------------------------------------------------------------ */

static void fault_for_ever(void *unused)
{
	(void)unused;
	for (;;) {
		char *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
		                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (uint32_t page = 0; memory != MAP_FAILED && page < 16; page++)
			memory[page * PAGE] = 1;
		munmap(memory, 16 * PAGE);
	}
}

static void begin_faulting(void)
{
	static struct test_thread threads[4];
	for (int i = 0; i < 4; i++)
		thread_begin(&threads[i], fault_for_ever, NULL);
	usleep(10000);
}

static void run_program(void *unused)
{
	static char *const arguments[] = {"threads-fork", "again", NULL};
	(void)unused;
	execve("/proc/self/exe", arguments, environ);
	_exit(1);
}

static void exec_by_thread(void *unused)
{
	static struct test_thread thread;
	(void)unused;
	begin_faulting();
	thread_begin(&thread, run_program, NULL);
	for (;;)
		pause();
}

static void exit_of_all(void *unused)
{
	(void)unused;
	begin_faulting();
}

int main(int count, char **arguments)
{
	(void)arguments;
	if (count > 1)
		return 0; /* what run_program() runs */
	pairs = mmap(NULL, PAGES_WRITTEN * PAGE, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	forks();
	for (int i = 0; i < 5; i++) {
		in_child(exit_of_all, NULL);
		in_child(exec_by_thread, NULL);
	}
	say("others ended and were replaced while they faulted");
	return 0;
}
