/* SPDX-License-Identifier: MIT */
/*
 * Processes that sleep wake in the order of their times, not of their start, and none too early.
 */
#include "tests/test.h"

#include <time.h>

int main(void)
{
	static const int tenths[] = {5, 1, 4, 2, 3};
	struct timespec bad = {0, 1000000000}, left, start, end;
	int ends[2], status;
	char order[6] = "";

	CHECK(pipe(ends) == 0, "a pipe");
	for (int i = 0; i < 5; i++)
		if (!fork_checked()) {
			struct timespec time = {0, tenths[i] * 150000000L};
			char digit = '0' + tenths[i];
			long passed;

			clock_gettime(CLOCK_MONOTONIC, &start);
			CHECK(nanosleep(&time, NULL) == 0, "sleep");
			clock_gettime(CLOCK_MONOTONIC, &end);
			passed = (end.tv_sec - start.tv_sec) * 1000000000L;
			passed += end.tv_nsec - start.tv_nsec;
			CHECK(passed >= time.tv_nsec, "not too early: %ld of %ld", passed,
			      (long)time.tv_nsec);
			_exit(write(ends[1], &digit, 1) != 1);
		}
	for (int i = 0; i < 5; i++)
		CHECK(read(ends[0], &order[i], 1) == 1, "a sleeper has woken");
	CHECK(strcmp(order, "12345") == 0, "in the order of their times, not %s", order);
	for (int i = 0; i < 5; i++)
		CHECK(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "none woke too early");
	CHECK_ERRNO(nanosleep(&bad, &left), EINVAL);
	say("woken in order %s", order);
	return 0;
}
