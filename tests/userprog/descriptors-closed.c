/* SPDX-License-Identifier: MIT */
/*
 * Ten processes hold 100 open files each; all are closed when the processes end, however they end:
 * the pipe's reader sees its end.
 */
#include "tests/test.h"

int main(void)
{
	int ends[2];
	char byte;

	CHECK(pipe(ends) == 0, "a pipe");
	for (int n = 0; n < 10; n++)
		if (!fork_checked()) {
			for (int i = 0; i < 100; i++)
				CHECK(dup(ends[1]) >= 0, "descriptor %d", i);
			if (n % 2)
				raise(SIGKILL);
			_exit(0);
		}
	CHECK(close(ends[1]) == 0, "our own end");
	CHECK(read(ends[0], &byte, 1) == 0, "in the end nobody holds the pipe");
	for (int n = 0; n < 10; n++)
		CHECK(wait(NULL) > 0, "a child");
	say("1,000 descriptors were closed by ending");
	return 0;
}
