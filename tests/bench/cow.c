/* SPDX-License-Identifier: MIT */
/*
 * Writes after fork: a page that the parent still has is copied; one that it has no longer is
 * used again where it is.
 */
#include "tests/bench/bench.h"

#define COUNT 4096u /* pages */

static uint64_t *cost; /* that a child has measured, in memory it shares with its parent */

static void get(void)
{
	memory_get(COUNT);
	memory_write();
}

/* A child writes to every page, while the parent has them. */
static void copied_in_child(void)
{
	pid_t child = fork_checked();

	if (!child) {
		*cost = ticks_of(memory_write);
		*cost -= ticks_of(memory_write);
		_exit(0);
	}
	wait_success(child);
}

/* The parent writes after the child has gone. */
static void fork_and_forget(void)
{
	get();
	in_child((void (*)(void *))nothing, NULL);
}

static void copy_row(void)
{
	unsigned times = once ? 1 : TIMES;
	uint64_t samples[TIMES];

	use_up_cleared_frames();
	tell_operations(COUNT);
	for (unsigned i = 0; i < times; i++) {
		get();
		copied_in_child();
		memory_drop();
		samples[i] = *cost;
	}
	tell("cow-copy", (median(samples, times) + COUNT / 2) / COUNT);
}

static const struct row rows[] = {
	{"cow-reuse", COUNT, fork_and_forget, memory_write, memory_write, memory_drop, 0},
};

int main(int count, char **arguments)
{
	(void)count;
	cost = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	choose(arguments);
	if (chosen("cow-copy"))
		copy_row();
	return BENCH(rows, arguments);
}
