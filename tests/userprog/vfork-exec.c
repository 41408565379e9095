/* SPDX-License-Identifier: MIT */
/*
 * vfork(2) lets the child run in the parent's memory until it exits or executes a program; the
 * parent waits as long.
 */
#include "tests/test.h"

static volatile int shared = 1;

int main(int argc, char **argv)
{
	pid_t child;
	int status;

	(void)argv;
	if (argc > 1)
		return 33;
	child = vfork();
	if (!child) {
		shared = 2; /* seen by the parent, since the memory is its own */
		_exit(5);
	}
	CHECK(child > 0 && shared == 2, "the child ran first, in the parent's memory");
	status = wait_status(child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5, "and exited with 5");
	child = vfork();
	if (!child) {
		execl("/proc/self/exe", "child", "child", NULL);
		_exit(1);
	}
	status = wait_status(child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 33, "a program can be run: %#x", status);
	CHECK(shared == 2, "the parent's memory is as it was");
	say("vfork: exit and exec");
	return 0;
}
