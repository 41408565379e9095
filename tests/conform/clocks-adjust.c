/* SPDX-License-Identifier: MIT */
/* adjtimex(2) and clock_adjtime(2) as whoever only asks has them, and who may not set anything. */
#include "case.h"
#include <sys/timex.h>

static const int clocks[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99};

/* struct timex with 64 bits for a time: clock_adjtime64. */
struct wide {
	uint32_t modes, pad;
	int64_t offset, frequency, most_error, estimated_error;
	int32_t status, pad_too;
	int64_t constant, precision, tolerance, seconds, fraction, tick, others[8];
	int32_t tai, rest[11];
};

static void wide(void)
{
	struct wide asked = {0};
	SUCCEEDS(syscall(SYS_clock_adjtime64, CLOCK_REALTIME, &asked), "the same of 64 bits");
	say("tick %lld, tolerance %lld", (long long)asked.tick, (long long)asked.tolerance);
	say("the time is told %d", llabs((long long)asked.seconds - time(NULL)) < 10);
	asked = (struct wide){.modes = ADJ_TICK, .tick = 1ll << 40};
	GIVES(syscall(SYS_clock_adjtime64, CLOCK_REALTIME, &asked), "a tick far too long");
	GIVES(syscall(SYS_clock_adjtime64, CLOCK_MONOTONIC, &asked), "of another clock");
	GIVES(syscall(SYS_clock_adjtime64, CLOCK_REALTIME, 8), "a bad place");
}

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
	asked = (struct timex){.modes = 0x8000};
	GIVES(adjtimex(&asked), "neither the old way nor the new");
	asked = (struct timex){.modes = ADJ_SETOFFSET, .time = {0, -1}};
	GIVES(adjtimex(&asked), "-1 us more");
	asked = (struct timex){.modes = ADJ_SETOFFSET, .time = {0, 1000000}};
	GIVES(adjtimex(&asked), "a million us more");
	asked = (struct timex){.modes = ADJ_SETOFFSET | ADJ_NANO, .time = {0, 1000000000}};
	GIVES(adjtimex(&asked), "a milliard ns more");
	asked = (struct timex){0};
	SUCCEEDS(clock_adjtime(CLOCK_REALTIME, &asked), "the wall clock");
	GIVES(syscall(SYS_clock_adjtime, 99, 8), "no clock and a bad place");
	wide();
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
