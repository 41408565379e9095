/* SPDX-License-Identifier: MIT */
/* setitimer(2), getitimer(2), alarm(2): the three clocks, what is told of them, wrong values, fork
 * and exec; RLIMIT_CPU. */
#include "case.h"

static volatile int count, last, code;

static void note(int signal, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	last = signal;
	code = info->si_code;
}

static void catch(int signal)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
	sigaction(signal, &action, NULL);
}

static struct itimerval every(long first, long then)
{
	return (struct itimerval){{then / 1000000, then % 1000000},
	                          {first / 1000000, first % 1000000}};
}

static const char *const names[] = {"REAL", "VIRTUAL", "PROF"};

static void tell(int which, const char *when)
{
	struct itimerval now;
	GIVES(getitimer(which, &now), "%s %s", names[which], when);
	say("  left %d interval %ld.%06ld", now.it_value.tv_sec || now.it_value.tv_usec,
	    (long)now.it_interval.tv_sec, (long)now.it_interval.tv_usec);
}

/* Computes and calls the kernel until so many signals came. */
static void work_until(int most)
{
	for (volatile long i = 0; i < 400000000 && count < most; i++)
		if (i % 1000 == 0)
			getppid();
}

static void each(int which)
{
	static const int signals[] = {SIGALRM, SIGVTALRM, SIGPROF};
	struct itimerval timer = every(60000, 0), old;
	catch(signals[which]);
	tell(which, "at first");
	count = 0;
	GIVES(setitimer(which, &timer, NULL), "once");
	tell(which, "running");
	work_until(1);
	say("came %d, signal %s code %x", count, sigabbrev_np(last), code);
	tell(which, "over");
	count = 0;
	timer = every(10000, 15000);
	setitimer(which, &timer, NULL);
	work_until(3);
	timer = every(0, 0);
	GIVES(setitimer(which, &timer, &old), "off");
	say("came %d, had left %d, interval %ld", count >= 3,
	    old.it_value.tv_usec > 0 && old.it_value.tv_usec <= 15000,
	    (long)old.it_interval.tv_usec);
	count = 0;
	timer = every(0, 5000);
	GIVES(setitimer(which, &timer, NULL), "an interval alone");
	usleep(20000);
	say("came %d", count);
	tell(which, "then");
	timer = every(0, 0);
	setitimer(which, &timer, NULL);
}

/* None that was stopped or moved comes early. */
static void moved(void)
{
	struct itimerval soon = every(300, 0), later = every(5000000, 0), off = every(0, 0);
	count = 0;
	for (int i = 0; i < 300; i++) {
		setitimer(ITIMER_REAL, &soon, NULL);
		for (volatile int spin = 0; spin < i * 50; spin++)
			;
		int before = count;
		setitimer(ITIMER_REAL, &later, NULL);
		int after = count;
		usleep(50);
		if (count != after || after > before + 1)
			say("one came early");
		setitimer(ITIMER_REAL, &off, NULL);
	}
	say("moved");
}

static void wrong(void)
{
	static const struct timeval values[] = {{0, 1000000}, {0, -1}, {-1, 0}, {0, 999999}};
	struct itimerval timer;
	for (int i = 0; i < 4; i++) {
		timer = (struct itimerval){{0, 0}, values[i]};
		GIVES(setitimer(ITIMER_REAL, &timer, NULL), "value %d", i);
		timer = (struct itimerval){values[i], {0, 0}};
		GIVES(setitimer(ITIMER_REAL, &timer, NULL), "interval %d", i);
	}
	for (int which = -1; which < 5; which += 4) {
		timer = every(0, 0);
		GIVES(setitimer(which, &timer, NULL), "which %d", which);
		GIVES(getitimer(which, &timer), "which %d", which);
	}
	GIVES(syscall(SYS_setitimer, 0, 8, 0), "a bad address");
	GIVES(syscall(SYS_getitimer, 0, 8), "a bad place");
	timer = every(7000000, 0);
	setitimer(ITIMER_REAL, &timer, NULL);
	GIVES(syscall(SYS_setitimer, 0, 0, 8), "off, and a bad place for what was");
	tell(ITIMER_REAL, "then");
}

static void alarms(void)
{
	struct itimerval timer = every(2400000, 0);
	GIVES(alarm(100), "alarm");
	GIVES(alarm(50), "alarm again");
	GIVES(alarm(0), "off");
	setitimer(ITIMER_REAL, &timer, NULL);
	GIVES(alarm(0), "of 2.4 seconds");
	timer = every(2900000, 0);
	setitimer(ITIMER_REAL, &timer, NULL);
	GIVES(alarm(0), "of 2.9 seconds");
	timer = every(100000, 0);
	setitimer(ITIMER_REAL, &timer, NULL);
	GIVES(alarm(0), "of 0.1 second");
	GIVES(alarm(0xffffffff), "a long one");
	alarm(0);
}

static void across_fork(void)
{
	struct itimerval timer = every(9000000, 1000000);
	for (int which = 0; which < 3; which++)
		setitimer(which, &timer, NULL);
	if (!fork()) {
		for (int which = 0; which < 3; which++)
			tell(which, "in a child");
		_exit(0);
	}
	wait(NULL);
}

static void burn(void *hard)
{
	struct rlimit limit = {1, hard ? 2 : RLIM_INFINITY};
	catch(SIGXCPU);
	count = 0;
	setrlimit(RLIMIT_CPU, &limit);
	while (count < (hard ? 1000 : 2))
		;
	getrlimit(RLIMIT_CPU, &limit);
	say("%d signals, the last %s code %x, limit now %lu", count, sigabbrev_np(last), code,
	    (unsigned long)limit.rlim_cur);
}

static void burn_without(void *unused)
{
	struct rlimit limit = {0, 1000};
	(void)unused;
	setrlimit(RLIMIT_CPU, &limit);
	for (;;)
		;
}

int main(int count_of, char **words)
{
	if (count_of > 1) {
		for (int which = 0; which < 3; which++)
			tell(which, "after exec");
		return 0;
	}
	for (int which = 0; which < 3; which++)
		each(which);
	moved();
	wrong();
	alarms();
	say("RLIMIT_CPU with a handler: %d", signal_of(burn, NULL));
	say("and a hard limit: %d", signal_of(burn, words));
	say("without a handler: %d", signal_of(burn_without, NULL));
	across_fork();
	execl(words[0], words[0], "again", NULL);
	return 1;
}
