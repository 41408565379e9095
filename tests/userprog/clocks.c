/* SPDX-License-Identifier: MIT */
/*
 * Time goes forward: CLOCK_MONOTONIC never goes back, and all clocks agree on how long a sleep
 * lasted, within their steps.
 */
#include "tests/test.h"

#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec now;

	CHECK(clock_gettime(clock, &now) == 0, "clock %d", clock);
	CHECK(now.tv_nsec >= 0 && now.tv_nsec < 1000000000, "nanoseconds of clock %d", clock);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

int main(void)
{
	struct timespec time_to_sleep = {0, 200000000};
	int64_t last = nanoseconds(CLOCK_MONOTONIC), real, monotonic;
	struct timeval of_day;
	struct tms used;

	for (uint32_t i = 0; i < 20000; i++) {
		int64_t now = nanoseconds(CLOCK_MONOTONIC);

		CHECK(now >= last, "not back: by %d ns", (int)(last - now));
		last = now;
	}
	monotonic = nanoseconds(CLOCK_MONOTONIC);
	real = nanoseconds(CLOCK_REALTIME);
	CHECK(nanosleep(&time_to_sleep, NULL) == 0, "sleep 200 ms");
	monotonic = nanoseconds(CLOCK_MONOTONIC) - monotonic;
	real = nanoseconds(CLOCK_REALTIME) - real;
	CHECK(monotonic >= 200000000, "at least 200 ms by the monotonic clock");
	CHECK(real >= 190000000, "and by the real one: %d us", (int)(real / 1000));
	CHECK(gettimeofday(&of_day, NULL) == 0, "gettimeofday");
	real = nanoseconds(CLOCK_REALTIME);
	real -= of_day.tv_sec * 1000000000ll + of_day.tv_usec * 1000ll;
	CHECK(real > -1000 && real < 10000000000ll, "gettimeofday is the real clock");
	CHECK(time(NULL) >= of_day.tv_sec && of_day.tv_sec > 1000000000, "so is time");
	CHECK(times(&used) != (clock_t)-1, "times");
	CHECK_ERRNO(clock_gettime(777, &time_to_sleep), EINVAL);
	say("20,000 looks at the clock");
	return 0;
}
