/* SPDX-License-Identifier: MIT */
/*
 * While every process sleeps the timer does not interrupt a hundred times a second, but only when
 * somebody's time has come; while one computes it does.
 *
 * guest: pagoda-only
 * (another machine has work of its own)
 */
#include "tests/test.h"

#include <time.h>

#define SLEEP_MOST 10 /* the sleep's end, the tick that finds the machine idle, a daemon */
#define WORK_TICKS 20

static unsigned timer_interrupts(void)
{
	char text[2048], *line;
	int fd = open("/proc/interrupts", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	CHECK(n > 0, "/proc/interrupts can be read");
	close(fd);
	text[n] = '\0';
	line = strstr(text, "LOC:");
	CHECK(line, "it tells of the processor's timer");
	return (unsigned)strtoul(line + 4, NULL, 10);
}

/* Chaos has a thread that wakes all the time. */
static bool somebody_shakes(void)
{
	char line[512] = "";
	int fd = open("/proc/cmdline", O_RDONLY);

	CHECK(read(fd, line, sizeof line - 1) > 0, "/proc/cmdline can be read");
	close(fd);
	return strstr(line, "chaos");
}

int main(void)
{
	struct timespec second = {1, 0};
	unsigned before = timer_interrupts();

	CHECK(nanosleep(&second, NULL) == 0, "sleep");
	unsigned slept = timer_interrupts() - before;
	say("%u interrupts of the timer in a second of sleep", slept);
	CHECK(slept <= SLEEP_MOST || somebody_shakes(), "an idle machine is left alone");

	before = timer_interrupts();
	while (timer_interrupts() - before < WORK_TICKS)
		;
	say("they come while a process works");
	return 0;
}
