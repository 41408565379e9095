/* SPDX-License-Identifier: MIT */
/*
 * Where the 8254 is the only timer, which counts no further than 54 ms, sleeps of every length end
 * in their order, and none too early.
 *
 * guest: pagoda-only cmdline=timer=pit
 * (on another machine nobody can choose the timer)
 */
#include "tests/test.h"

#include <time.h>

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

int main(void)
{
	static const long lengths[] = {1, 1000, 54000, 900000, 54899999, 54900001, 130000000};
	int ends[2];
	char order[4] = "";

	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct timespec time = {0, lengths[i]};
		uint64_t start = now();

		CHECK(nanosleep(&time, NULL) == 0, "sleep");
		CHECK(now() - start >= (uint64_t)lengths[i], "not too early: %ld ns", lengths[i]);
	}
	CHECK(pipe(ends) == 0, "a pipe");
	for (int i = 0; i < 3; i++) {
		if (!fork_checked()) {
			char digit = (char)('3' - i);

			usleep((useconds_t)(digit - '0') * 150000);
			_exit(write(ends[1], &digit, 1) != 1);
		}
	}
	for (int i = 0; i < 3; i++)
		CHECK(wait(NULL) > 0, "a child");
	CHECK(read(ends[0], order, 3) == 3 && strcmp(order, "123") == 0, "the order: %s", order);
	say("slept by the 8254");
	return 0;
}
