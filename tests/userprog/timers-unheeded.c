/* SPDX-License-Identifier: MIT */
/*
 * However many timers a program has, and however short their intervals, each rings once until the
 * program takes its signal, or reads from it: nobody can keep the processor busy with interrupts
 * that way. How often one would have come is told all the same.
 *
 * Pagoda only: what other programs have the processor interrupted for does not count here.
 *
 * guest: pagoda-only
 */
#include "tests/test.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#define TIMERS 50
#define SHORT_NS 1000
#define SLEEP_NS 200000000

static uint32_t timer_interrupts(void)
{
	static char text[4096];
	int fd = open("/proc/interrupts", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);
	const char *local = strstr(text, "LOC:"), *old = strstr(text, "  0:");

	CHECK(fd >= 0 && n > 0, "/proc/interrupts");
	close(fd);
	return (local ? strtoul(local + 4, NULL, 10) : 0) +
	       (old ? strtoul(old + 4, NULL, 10) : 0);
}

static const struct timespec often[2] = {{0, SHORT_NS}, {0, SHORT_NS}};
static int files[TIMERS];

static int timer_new(int notify, int signal)
{
	struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal};
	int id;

	CHECK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) == 0, "a timer");
	CHECK(syscall(SYS_timer_settime, id, 0, often, NULL) == 0, "it is set");
	return id;
}

static void blocked(void)
{
	for (int i = 0; i < TIMERS; i++)
		timer_new(SIGEV_SIGNAL, SIGUSR1);
}

static void silent(void)
{
	for (int i = 0; i < TIMERS; i++)
		timer_new(SIGEV_NONE, 0);
}

static void unread(void)
{
	for (int i = 0; i < TIMERS; i++) {
		files[i] = (int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
		CHECK(files[i] >= 0, "a timer's descriptor");
		CHECK(syscall(SYS_timerfd_settime, files[i], 0, often, NULL) == 0, "it is set");
	}
}

static void alarms(void)
{
	static const struct itimerval timer = {{0, 1}, {0, 1}};

	for (int i = 0; i < TIMERS; i++)
		if (!fork_checked()) {
			CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0, "setitimer");
			for (;;)
				pause();
		}
}

static void check_quiet(const char *what, void (*begin)(void))
{
	struct timespec time = {0, SLEEP_NS};
	uint32_t before;

	begin();
	nanosleep(&(struct timespec){0, 20000000}, NULL);
	before = timer_interrupts();
	nanosleep(&time, NULL);
	/* Those of the sleep, and ticks. */
	CHECK(timer_interrupts() - before < 200, "%s: %u interrupts in %u ms", what,
	      timer_interrupts() - before, SLEEP_NS / 1000000);
}

static void check_counted(void)
{
	uint64_t times = 0;
	struct timespec left[2];

	CHECK(read(files[0], &times, sizeof times) == sizeof times, "read");
	CHECK(times > SLEEP_NS / SHORT_NS, "it came %u times", (uint32_t)times);
	CHECK(syscall(SYS_timer_gettime, TIMERS, left) == 0, "a silent one");
	CHECK(!left[1].tv_sec && left[1].tv_nsec > 0 && left[1].tv_nsec <= SHORT_NS,
	      "its next time is near");
}

int main(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	check_quiet("signals that are blocked", blocked);
	check_quiet("silent timers", silent);
	check_quiet("descriptors that nobody reads", unread);
	check_counted();
	check_quiet("alarms that are blocked", alarms);
	say("timers that nobody heeds ring once");
	return 0;
}
