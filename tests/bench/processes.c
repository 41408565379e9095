/* SPDX-License-Identifier: MIT */
/* fork, exit and wait of a process with more and more memory, and with another program. */
#include "tests/bench/bench.h"

static const char *self;

static void get_16m(void)
{
	memory_get(PAGES(16 * MIB));
	memory_write();
}

static void get_64m(void)
{
	memory_get(PAGES(64 * MIB));
	memory_write();
}

static void get_256m(void)
{
	memory_get(PAGES(256 * MIB));
	memory_write();
}

static void fork_exit_wait(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
}

static void fork_exec_exit_wait(void)
{
	pid_t child = fork();

	if (!child) {
		execl(self, self, "exit", NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static const struct row rows[] = {
	{"fork", 1, NULL, fork_exit_wait, NULL, NULL, 15},
	{"fork-16m", 1, get_16m, fork_exit_wait, NULL, memory_drop, 0},
	{"fork-64m", 1, get_64m, fork_exit_wait, NULL, memory_drop, 0},
	{"fork-256m", 1, get_256m, fork_exit_wait, NULL, memory_drop, 0},
	{"fork-exec", 1, NULL, fork_exec_exit_wait, NULL, NULL, 15},
};

int main(int count, char **arguments)
{
	if (count == 2 && strcmp(arguments[1], "exit") == 0)
		return 0;
	self = arguments[0];
	return BENCH(rows, arguments);
}
