/* SPDX-License-Identifier: MIT */
/*
 * Row 31: threads have one address space, so what one maps or faults in is there for the others,
 * and a switch between them loads no CR3. Two processes that do the same have each page twice.
 */
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define PAGES 64u
#define ROUNDS 500u
#define STACK_SIZE (4 * PAGE)

/* ---- a thread, by clone(2) itself ---------------------------------------------------- */

struct thread {
	pid_t id; /* the kernel clears it, and wakes who waits for it, at its end */
	void (*run)(void *);
	void *argument;
};

static int thread_main(void *given)
{
	struct thread *thread = given;

	thread->run(thread->argument);
	return 0;
}

static void thread_start(struct thread *thread, void (*run)(void *), void *argument)
{
	thread->run = run;
	thread->argument = argument;
	if (clone(thread_main, memory_map(STACK_SIZE) + STACK_SIZE,
	          CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
	                  CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
	          thread, &thread->id, NULL, &thread->id) < 0)
		give_up("no thread");
}

static void thread_wait(struct thread *thread)
{
	int id;

	while ((id = __atomic_load_n(&thread->id, __ATOMIC_ACQUIRE)) != 0)
		syscall(SYS_futex, &thread->id, FUTEX_WAIT, id, NULL, NULL, 0);
}

/* ---- the same work, by two threads and by two processes ------------------------------- */

static void touch_all(void *memory)
{
	for (unsigned page = 0; page < PAGES; page++) {
		__atomic_fetch_add(&((char *)memory)[page * PAGE], 1, __ATOMIC_RELAXED);
		syscall(SYS_sched_yield); /* so that both are at the same page */
	}
}

static int touch_as_process(void *memory)
{
	touch_all(memory);
	return 0;
}

static long filled_by_threads(void)
{
	struct thread threads[2];
	char *memory = memory_map(PAGES * PAGE);
	long before = vmstat("fault_zero_filled"); /* their stacks' pages count, too */

	for (int i = 0; i < 2; i++)
		thread_start(&threads[i], touch_all, memory);
	for (int i = 0; i < 2; i++)
		thread_wait(&threads[i]);
	long filled = vmstat("fault_zero_filled") - before;
	unsigned right = 0;
	for (unsigned page = 0; page < PAGES; page++)
		right += memory[page * PAGE] == 2;
	claim(right == PAGES, "each of %u pages was counted up by both threads", PAGES);
	return filled;
}

static long filled_by_processes(void)
{
	char *memory = memory_map(PAGES * PAGE);
	long before = vmstat("fault_zero_filled");
	pid_t one = child_start(touch_as_process, memory);
	pid_t other = child_start(touch_as_process, memory);

	claim(child_wait(one) == 0 && child_wait(other) == 0, "two processes did the same");
	return vmstat("fault_zero_filled") - before;
}

static void show_pages(void)
{
	step("two threads, then two processes, touch the same %u new pages", PAGES);
	long threads = filled_by_threads(), processes = filled_by_processes();
	say("  %-14s %4ld pages filled with zeros", "two threads:", threads);
	say("  %-14s %4ld", "two processes:", processes);
	claim(threads < (long)PAGES + 20, "threads: a page is made once, though two touch it");
	claim(processes >= 2 * (long)PAGES, "processes: each has its own");
}

/* ---- what a switch costs -------------------------------------------------------------- */

static int to_other[2], to_first[2];
static unsigned came_back;

static void echo(void *unused)
{
	char byte;

	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++)
		if (read(to_other[0], &byte, 1) != 1 || write(to_first[1], &byte, 1) != 1)
			return;
}

static int echo_as_process(void *unused)
{
	echo(unused);
	return 0;
}

static long loads_of_rounds(const char *what)
{
	char byte = 'x';
	long loads = vmstat("directory_loads");
	uint64_t start = nanoseconds();

	for (unsigned i = 0; i < ROUNDS; i++, came_back++)
		if (write(to_other[1], &byte, 1) != 1 || read(to_first[0], &byte, 1) != 1)
			break;
	uint64_t ns = nanoseconds() - start;
	loads = vmstat("directory_loads") - loads;
	say("  %-28s %6ld loads of CR3, %5u ns each time", what, loads, (unsigned)(ns / ROUNDS));
	return loads;
}

static void show_switches(void)
{
	struct thread thread;

	step("a byte to the other one and back, %u times", ROUNDS);
	if (pipe(to_other) || pipe(to_first))
		give_up("no pipe");
	thread_start(&thread, echo, NULL);
	long threads = loads_of_rounds("to another thread");
	thread_wait(&thread);
	pid_t child = child_start(echo_as_process, NULL);
	long processes = loads_of_rounds("to another process");
	claim(child_wait(child) == 0 && came_back == 2 * ROUNDS, "the byte came back each time");
	claim(threads < (long)ROUNDS / 5, "between threads there is nothing to load: %ld", threads);
	claim(processes >= 2 * (long)ROUNDS - 20, "between processes each switch is a load: %ld",
	      processes);
}

void demo_threads(void)
{
	say("A process's threads run in one address space: one page directory, one set of areas.");
	show_pages();
	show_switches();
	try_next("  ls /proc/self/task                      a directory for each thread\n"
	         "  make trace CMD='demo threads'           the faults of both, side by side\n"
	         "  vm/fault.c: attempt                     the second one looks, and finds the page");
}
