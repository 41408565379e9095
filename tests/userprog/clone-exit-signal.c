/* SPDX-License-Identifier: MIT */
/*
 * clone(2) lets the caller choose by which signal the child tells of its end. A number that is no
 * signal, 65 to 255, is taken without complaint, and none is sent.
 */
#include "tests/test.h"

#include <linux/sched.h>

static volatile int heard;

static void hear(int number)
{
	heard = number;
}

int main(void)
{
	static const int numbers[] = {0, SIGUSR1, 64, 65, 126, 255};

	signal(SIGUSR1, hear);
	signal(64, hear);
	for (uint32_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int number = numbers[i], status;

		heard = 0;
		pid_t child = syscall(__NR_clone, number, 0, 0, 0, 0);
		if (!child)
			_exit(3);
		CHECK(child > 0, "clone with exit signal %d", number);
		while (syscall(__NR_wait4, child, &status, __WALL, 0) != child)
			CHECK(errno == EINTR, "wait for it");
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3, "it ends with status 3");
		CHECK(heard == (number <= 64 ? number : 0), "signal %d is heard, not %d", number,
		      heard);
	}
	say("children told of their end by no signal, SIGUSR1 and signal 64");
	return 0;
}
