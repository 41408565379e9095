/* SPDX-License-Identifier: MIT */
/*
 * Processes until no more can be had: fork(2) fails with EAGAIN at RLIMIT_NPROC, and works
 * again when some have ended.
 *
 * guest: mem=16 swap=16 linux-root
 */
#include "tests/test.h"

#define LIMIT 40

static void with_limit(void *unused)
{
	struct rlimit limit = {LIMIT, LIMIT};
	pid_t children[LIMIT + 10];
	int gate[2], count = 0;
	char byte;

	(void)unused;
	CHECK(setuid(12345) == 0, "a user of our own, to be counted alone");
	CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0, "a limit of %d processes", LIMIT);
	CHECK(pipe(gate) == 0, "a pipe");
	for (; count < LIMIT + 10; count++) {
		children[count] = fork();
		if (children[count] < 0)
			break;
		if (!children[count]) {
			close(gate[1]);
			_exit(read(gate[0], &byte, 1) != 0);
		}
	}
	CHECK(errno == EAGAIN, "the end is EAGAIN");
	CHECK(count == LIMIT - 1, "this one and %d others", count);
	close(gate[1]);
	for (int i = 0; i < count; i++)
		wait_success(children[i]);
	in_child(read_byte, &byte);
}

int main(void)
{
	in_child(with_limit, NULL);
	say("a limit of %d processes held", LIMIT);
	return 0;
}
