/* SPDX-License-Identifier: MIT */
/* adjtimex(2) and clock_adjtime(2) as whoever only asks has them, and who may not set anything. */
#include "case.h"
#include <sys/timex.h>

static const int clocks[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99};

int main(void)
{
	struct timex asked = {0};
	SUCCEEDS(adjtimex(&asked), "read");
	say("tick %ld, tolerance %ld", (long)asked.tick, (long)asked.tolerance);
	say("the time is told %d", llabs((long long)asked.time.tv_sec - time(NULL)) < 10);
	asked = (struct timex){.modes = ADJ_OFFSET_SS_READ};
	SUCCEEDS(adjtimex(&asked), "read the old way");
	asked = (struct timex){.modes = ADJ_TICK, .tick = 8999};
	GIVES(adjtimex(&asked), "a tick too short");
	asked = (struct timex){.modes = ADJ_TICK, .tick = 11001};
	GIVES(adjtimex(&asked), "too long");
	GIVES(syscall(SYS_adjtimex, 8), "a bad place");
	asked = (struct timex){0};
	SUCCEEDS(clock_adjtime(CLOCK_REALTIME, &asked), "the wall clock");
	for (unsigned i = 0; i < sizeof clocks / sizeof clocks[0]; i++)
		GIVES(clock_adjtime(clocks[i], &asked), "clock %d", clocks[i]);
	if (setresuid(4567, 4567, 4567))
		say("no other user");
	asked = (struct timex){0};
	SUCCEEDS(adjtimex(&asked), "read without the right");
	asked = (struct timex){.modes = ADJ_FREQUENCY};
	GIVES(adjtimex(&asked), "set without the right");
	asked = (struct timex){.modes = ADJ_TICK, .tick = 1};
	GIVES(adjtimex(&asked), "set wrongly without the right");
	return 0;
}
