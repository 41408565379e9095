/* SPDX-License-Identifier: MIT */
/*
 * adjtimex(2), adjtime(3), clock_adjtime(2): the wall clock goes as it is told, against the monotonic one,
 * and who sleeps by it is not woken early. Each figure is a difference of two clocks, not a duration.
 *
 * pagoda-only: it sets the machine's clock.
 * guest: pagoda-only
 */
#include "tests/test.h"

#include <asm/unistd.h>
#include <linux/time_types.h>
#include <linux/timex.h>
#include <sys/syscall.h>
#include <time.h>

static int64_t ns_of(int clock)
{
	struct __kernel_timespec now;
	CHECK(syscall(__NR_clock_gettime64, clock, &now) == 0, "clock %d", clock);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* How much the wall clock is ahead of the other, in ns; the two are read as close as can be. */
static int64_t ahead(void)
{
	int64_t best = 0, shortest = INT64_MAX;
	for (int i = 0; i < 20; i++) {
		int64_t before = ns_of(1), wall = ns_of(0), after = ns_of(1);
		if (after - before < shortest) {
			shortest = after - before;
			best = wall - (before + shortest / 2);
		}
	}
	return best;
}

static struct __kernel_timex adjust(struct __kernel_timex asked)
{
	int state = syscall(__NR_clock_adjtime64, 0, &asked);
	CHECK(state >= 0, "modes %x", asked.modes);
	return asked;
}

static void sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&time, NULL);
}

/* Parts in a million by which the wall clock is faster, over some time. */
static int64_t gain(void)
{
	int64_t start = ns_of(1), before = ahead();
	sleep_ms(300);
	return (ahead() - before) * 1000000 / (ns_of(1) - start);
}

static void rates(void)
{
	CHECK(llabs(gain()) < 100, "by itself it goes as the other does");
	adjust((struct __kernel_timex){.modes = ADJ_TICK, .tick = 11000});
	int64_t now = gain();
	CHECK(now > 99000 && now < 101000, "a tick of 11000: %lld", (long long)now);
	adjust((struct __kernel_timex){.modes = ADJ_TICK, .tick = 9000});
	now = gain();
	CHECK(now < -99000 && now > -101000, "a tick of 9000: %lld", (long long)now);
	adjust((struct __kernel_timex){.modes = ADJ_TICK | ADJ_FREQUENCY, .tick = 10000,
	                               .freq = 400 << 16});
	now = gain();
	CHECK(now > 300 && now < 500, "400 parts in a million: %lld", (long long)now);
	struct __kernel_timex told = adjust((struct __kernel_timex){.modes = ADJ_FREQUENCY});
	CHECK(told.tick == 10000 && told.freq == 0, "as before");
	CHECK(llabs(gain()) < 100, "and so it goes");
}

/* By the page that programs read, too. */
static void told_by_the_page(void)
{
	adjust((struct __kernel_timex){.modes = ADJ_TICK, .tick = 11000});
	sleep_ms(200);
	struct timespec time;
	clock_gettime(CLOCK_REALTIME, &time);
	int64_t wall = time.tv_sec * 1000000000ll + time.tv_nsec, call = ns_of(0);
	CHECK(call >= wall && call - wall < 10000000, "the same as by the call: %lld less",
	      (long long)(call - wall));
	adjust((struct __kernel_timex){.modes = ADJ_TICK, .tick = 10000});
}

/* A slow clock: the times it is asked for come late. */
static void sleepers(void)
{
	for (int tick = 9000; tick <= 11000; tick += 2000) {
		int64_t target = ns_of(0) + 300000000;
		struct __kernel_timespec until = {target / 1000000000, target % 1000000000};
		pid_t child = fork();
		if (child == 0) {
			sleep_ms(50);
			adjust((struct __kernel_timex){.modes = ADJ_TICK, .tick = tick});
			_exit(0);
		}
		CHECK(syscall(__NR_clock_nanosleep_time64, 0, TIMER_ABSTIME, &until, NULL) == 0,
		      "a sleep");
		CHECK(ns_of(0) >= target, "not woken early with a tick of %d", tick);
		waitpid(child, NULL, 0);
	}
	adjust((struct __kernel_timex){.modes = ADJ_TICK, .tick = 10000});
}

static void single_shot(void)
{
	int64_t before = ahead();
	struct __kernel_timex told =
		adjust((struct __kernel_timex){.modes = ADJ_OFFSET_SINGLESHOT, .offset = 700});
	CHECK(told.offset == 0, "nothing was left before");
	for (int i = 0; i < 100 && ahead() - before < 690000; i++)
		sleep_ms(50);
	sleep_ms(1100);
	int64_t gained = ahead() - before;
	CHECK(llabs(gained - 700000) < 20000, "700 us were added: %lld", (long long)gained);
	told = adjust((struct __kernel_timex){.modes = ADJ_OFFSET_SS_READ});
	CHECK(told.offset == 0, "nothing is left");
	adjust((struct __kernel_timex){.modes = ADJ_OFFSET_SINGLESHOT, .offset = -1000000});
	told = adjust((struct __kernel_timex){.modes = ADJ_OFFSET_SS_READ});
	CHECK(told.offset <= -999000, "most of a second is left: %lld", (long long)told.offset);
	told = adjust((struct __kernel_timex){.modes = ADJ_OFFSET_SINGLESHOT});
	CHECK(told.offset <= -990000, "until it is given up");
}

static void steps(void)
{
	int64_t before = ahead();
	adjust((struct __kernel_timex){.modes = ADJ_SETOFFSET, .time = {7, 500000}});
	CHECK(llabs(ahead() - before - 7500000000ll) < 20000000, "7.5 s more");
	adjust((struct __kernel_timex){.modes = ADJ_SETOFFSET | ADJ_NANO, .time = {-8, 500000000}});
	CHECK(llabs(ahead() - before) < 20000000, "and less");
	adjust((struct __kernel_timex){.modes = ADJ_MICRO});
	struct __kernel_timex asked = {.modes = ADJ_SETOFFSET, .time = {-4000000000ll, 0}};
	CHECK(syscall(__NR_clock_adjtime64, 0, &asked) == -1 && errno == EINVAL, "before 1970");
}

/* Each second a quarter of what is left. */
static void wait_for_offset(int64_t expected)
{
	int64_t left = 4000000;
	for (int i = 0; i < 100 && left > expected; i++) {
		sleep_ms(50);
		left = adjust((struct __kernel_timex){0}).offset;
	}
	CHECK(left == expected, "%lld are left: %lld", (long long)expected, (long long)left);
}

static void loop(void)
{
	struct __kernel_timex told =
		adjust((struct __kernel_timex){.modes = ADJ_OFFSET, .offset = 5000});
	CHECK(told.offset == 0, "without the loop an offset is not taken");
	int64_t before = ahead();
	told = adjust((struct __kernel_timex){.modes = ADJ_STATUS | ADJ_NANO | ADJ_TIMECONST |
	                                               ADJ_MAXERROR,
	                                      .status = STA_PLL, .maxerror = 1000});
	told = adjust((struct __kernel_timex){.modes = ADJ_OFFSET, .offset = 4000000});
	/* What adjtime(3) has begun goes on for its second. */
	wait_for_offset(3000000);
	wait_for_offset(2250000);
	wait_for_offset(1687500);
	CHECK(ahead() > before + 1000000, "so much it gained: %lld", (long long)(ahead() - before));
	told = adjust((struct __kernel_timex){0});
	CHECK(told.maxerror >= 2000, "the error grows: %lld", (long long)told.maxerror);
	CHECK(told.status & STA_NANO && !(told.status & STA_UNSYNC), "its status is kept");
	adjust((struct __kernel_timex){.modes = ADJ_STATUS | ADJ_MICRO, .status = STA_UNSYNC});
}

int main(void)
{
	rates();
	told_by_the_page();
	sleepers();
	single_shot();
	steps();
	loop();
	say("the wall clock is disciplined");
	return 0;
}
