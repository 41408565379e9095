/* SPDX-License-Identifier: MIT */
/*
 * fork(2) returns the child's number to the parent and 0 to the child, which knows its parent;
 * numbers of living processes differ.
 */
#include "tests/test.h"

int main(void)
{
	pid_t self = getpid(), children[20];
	int ends[2];

	CHECK(self > 0 && getppid() >= 0, "this process has a number");
	CHECK(pipe(ends) == 0, "a pipe");
	for (int i = 0; i < 20; i++) {
		children[i] = fork_checked();
		if (!children[i]) {
			pid_t numbers[2] = {getpid(), getppid()};

			CHECK(write(ends[1], numbers, sizeof(numbers)) == sizeof(numbers), "tell");
			_exit(i);
		}
		for (int j = 0; j < i; j++)
			CHECK(children[j] != children[i] && children[i] != self,
			      "a number of its own");
	}
	for (int i = 0; i < 20; i++) {
		pid_t numbers[2];
		bool known = false;

		CHECK(read(ends[0], numbers, sizeof(numbers)) == sizeof(numbers),
		      "a child's numbers");
		CHECK(numbers[1] == self, "its parent is this process");
		for (int j = 0; j < 20; j++)
			known |= children[j] == numbers[0];
		CHECK(known, "its number is one that fork returned");
	}
	for (int i = 0; i < 20; i++) {
		int status = wait_status(children[i]);

		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == i, "child %d's status", i);
	}
	say("20 children, each with its own number");
	return 0;
}
