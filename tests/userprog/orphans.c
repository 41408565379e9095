/* SPDX-License-Identifier: MIT */
/*
 * A process whose parent ends gets another parent, and goes on as before.
 */
#include "tests/test.h"

static int report[2];

static void child(void *unused)
{
	pid_t self = getpid();

	(void)unused;
	if (fork_checked() == 0) {
		pid_t parent;

		while ((parent = getppid()) == self)
			usleep(1000);
		CHECK(write(report[1], &parent, sizeof(parent)) == sizeof(parent), "report");
		_exit(0);
	}
}

int main(void)
{
	pid_t parent = -1;
	char byte;

	CHECK(pipe(report) == 0, "a pipe");
	in_child(child, NULL);
	close(report[1]);
	CHECK(read(report[0], &parent, sizeof(parent)) == sizeof(parent), "the orphan reports");
	CHECK(parent > 0 && parent != getpid(), "its new parent is %d", parent);
	CHECK(read(report[0], &byte, 1) == 0, "then it ends");
	CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
	say("the orphan's parent is process %d", parent);
	return 0;
}
