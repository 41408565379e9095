/* SPDX-License-Identifier: MIT */
/*
 * A hundred processes come and go one after the other, and 30 side by side, and leave nothing
 * behind.
 *
 * guest: mem=16 swap=0
 */
#include "tests/test.h"

int main(void)
{
	pid_t children[30];
	long before, after;

	for (uint32_t i = 0; i < 100; i++) {
		pid_t child = fork_checked();

		if (!child)
			_exit(i);
		CHECK(WEXITSTATUS(wait_status(child)) == (int)i, "child %u", i);
	}
	before = meminfo("MemFree");
	for (uint32_t round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < 30; i++) {
			children[i] = fork_checked();
			if (!children[i])
				_exit(i);
		}
		for (uint32_t i = 30; i-- > 0;)
			CHECK(WEXITSTATUS(wait_status(children[i])) == (int)i, "child %u", i);
	}
	after = meminfo("MemFree");
	if (machine_is_ours())
		CHECK(before - after < 256, "300 processes left %ld KiB behind", before - after);
	say("400 processes; MemFree %ld KiB, then %ld", before, after);
	return 0;
}
