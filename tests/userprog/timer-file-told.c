/* SPDX-License-Identifier: MIT */
/*
 * What /proc/self/fdinfo tells of a timerfd is of one moment: how often it rang, and when it will ring
 * next, lead to a time between those before and after the look.
 *
 * pagoda-only: Linux counts `ticks` on when the timer is read or asked, not when it is shown.
 * guest: timeout=120 pagoda-only
 */
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#define ROUNDS 40
#define LOOKS 100 /* a round */
#define ABSOLUTE 1 /* TFD_TIMER_ABSTIME */
#define NS 1000000000ull

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * NS + time.tv_nsec;
}

/* The number behind the words. */
static uint64_t number_behind(const char *text, const char *words)
{
	const char *found = strstr(text, words);

	CHECK(found, "%s is told", words);
	return strtoull(found + strlen(words), NULL, 10);
}

static uint64_t told(int info, uint64_t *left)
{
	char text[400];
	ssize_t n = pread(info, text, sizeof text - 1, 0);

	CHECK(n > 0, "read");
	text[n] = '\0';
	const char *value = strstr(text, "it_value: ");
	CHECK(value, "what is left is told");
	*left = number_behind(value, "(") * NS + number_behind(value, ", ");
	return number_behind(text, "ticks: ");
}

/* Rings from `start` on, each `interval`. */
static void look(int info, uint64_t start, uint64_t interval)
{
	uint64_t left, before = now(), ticks = told(info, &left), after = now();
	uint64_t then = start + ticks * interval - left;
	CHECK(then >= before && then <= after, "%d ns before the look, %d ns after it",
	      (int)(before - then), (int)(then - after));
}

/* One that rings once has something left until it has rung. */
static void once(int fd, int info)
{
	int64_t setting[] = {0, 0, 0, 50000};
	uint64_t left, ticks;

	CHECK(syscall(SYS_timerfd_settime64, fd, 0, setting, NULL) == 0, "set");
	do {
		ticks = told(info, &left);
		CHECK(ticks == (left == 0), "%d ticks, and %d ns left", (int)ticks, (int)left);
	} while (!ticks);
}

int main(void)
{
	uint64_t interval = 2000000;
	int fd = syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
	char path[40];

	CHECK(fd >= 0, "a timer");
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = now();
		int64_t setting[] = {0, interval, start / NS, start % NS};
		CHECK(syscall(SYS_timerfd_settime64, fd, ABSOLUTE, setting, NULL) == 0, "set");
		int info = open(path, O_RDONLY);
		for (int i = 0; i < LOOKS; i++)
			look(info, start, interval);
		once(fd, info);
		close(info);
	}
	say("told of one moment");
	return 0;
}
