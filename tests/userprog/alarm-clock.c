/* SPDX-License-Identifier: MIT */
/*
 * alarm(2) and setitimer(2) send SIGALRM when the time is over, not before; a new alarm replaces
 * the old one and tells what was left.
 */
#include "tests/test.h"

#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t rings;

static void ring(int number)
{
	(void)number;
	rings++;
}

static uint32_t milliseconds(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "the time");
	return now.tv_sec * 1000u + now.tv_nsec / 1000000;
}

int main(void)
{
	struct itimerval interval = {.it_interval.tv_usec = 20000, .it_value.tv_usec = 30000};
	uint32_t start;

	signal(SIGALRM, ring);
	CHECK(alarm(100) == 0, "none before");
	CHECK(alarm(0) == 100 && alarm(0) == 0, "100 seconds were left");
	start = milliseconds();
	CHECK(alarm(1) == 0, "in a second");
	while (!rings)
		CHECK(pause() == -1 && errno == EINTR, "pause ends by a signal");
	CHECK(milliseconds() - start >= 990, "not before: %u ms", milliseconds() - start);
	start = milliseconds();
	CHECK(setitimer(ITIMER_REAL, &interval, NULL) == 0, "again and again");
	while (rings < 6)
		pause();
	CHECK(milliseconds() - start >= 100, "five times in not less than 110 ms");
	memset(&interval, 0, sizeof(interval));
	CHECK(setitimer(ITIMER_REAL, &interval, NULL) == 0, "no more");
	say("the alarm rang %d times", (int)rings);
	return 0;
}
