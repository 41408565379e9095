/* SPDX-License-Identifier: MIT */
/*
 * The clock of a process's own use of the processor (clock_gettime(2)): it goes on while the process
 * runs, from its first moment on and not by whole ticks, and getrusage(2) tells the same time, in two
 * parts. Two looks in a row may find the same time: where a kernel runs in a machine that others
 * share, what they take is not counted as the process's.
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
	int looks = 0, moved = 0;

	(void)unused;
	while (last < end) {
		for (volatile int i = 0; i < 3000; i++)
			;
		int64_t now = used(), told = told_us(), later = used();
		CHECK(now >= last && later >= now, "at %lld us it does not go back", last / 1000);
		CHECK(told >= now / 1000 - 2 && told <= later / 1000 + 1,
		      "%lld us by getrusage, and from %lld to %lld by the clock", told, now / 1000,
		      later / 1000);
		looks++;
		moved += now > last;
		last = later;
	}
	CHECK(moved > looks / 2, "it went on at %d of %d looks", moved, looks);
}

int main(void)
{
	for (int i = 0; i < CHILDREN; i++)
		in_child(run_a_while, NULL);
	say("%d processes looked at what they use, from their first moment on", CHILDREN);
	return 0;
}
