/* SPDX-License-Identifier: MIT */
/*
 * The clock of a process's own use of the processor (clock_gettime(2)): it goes on with every moment
 * that the process runs, from its first on, and getrusage(2) tells the same time, in two parts.
 */
#include "tests/test.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#define CHILDREN 8
#define RUN_NS 25000000 /* over two ticks */

static int64_t used(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0, "the clock is read");
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int64_t told_us(void)
{
	struct rusage usage;

	CHECK(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000ll +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* Both parts are cut to microseconds. */
static void run_a_while(void *unused)
{
	int64_t last = used(), end = last + RUN_NS;

	(void)unused;
	while (last < end) {
		for (volatile int i = 0; i < 3000; i++)
			;
		int64_t now = used(), told = told_us(), later = used();
		CHECK(now > last && later > now, "at %lld us it goes on", last / 1000);
		CHECK(told >= now / 1000 - 2 && told <= later / 1000 + 1,
		      "%lld us by getrusage, and from %lld to %lld by the clock", told, now / 1000,
		      later / 1000);
		last = later;
	}
}

int main(void)
{
	for (int i = 0; i < CHILDREN; i++)
		in_child(run_a_while, NULL);
	say("%d processes looked at what they use, from their first moment on", CHILDREN);
	return 0;
}
