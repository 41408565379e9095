/* SPDX-License-Identifier: MIT */
/* clock_gettime(2), clock_getres(2), clock_settime(2), clock_nanosleep(2), nanosleep(2): every
 * clock's number, absolute and relative times, wrong values, what an interruption tells. */
#include "case.h"
#include <pthread.h>

static volatile int handled;

static void handler(int signal)
{
	handled = signal;
}

static void each_clock(void)
{
	struct timespec time, none = {0, 0}, past = {1, 0};
	for (int clock = -2; clock <= 13; clock++) {
		if (clock == 8 || clock == 9)
			continue; /* whether the machine can wake up for one */
		say("-- clock %d", clock);
		GIVES(syscall(SYS_clock_gettime, clock, &time), "gettime");
		GIVES(syscall(SYS_clock_getres, clock, &time), "getres");
		GIVES(syscall(SYS_clock_getres, clock, NULL), "getres to nowhere");
		GIVES(syscall(SYS_clock_gettime, clock, 8), "gettime to a bad address");
		if (clock != CLOCK_PROCESS_CPUTIME_ID)
			GIVES(syscall(SYS_clock_nanosleep, clock, 0, &none, NULL), "sleep for 0");
		if (clock != CLOCK_PROCESS_CPUTIME_ID)
			GIVES(syscall(SYS_clock_nanosleep, clock, TIMER_ABSTIME, &past, NULL),
			      "sleep until long ago");
		GIVES(syscall(SYS_clock_nanosleep, clock, 0, 8, NULL), "a bad address");
		time = (struct timespec){0, 1000000000};
		GIVES(syscall(SYS_clock_nanosleep, clock, 0, &time, NULL), "a wrong time");
		if (clock != CLOCK_REALTIME)
			GIVES(syscall(SYS_clock_settime, clock, &none), "set");
		GIVES(syscall(SYS_clock_settime, clock, &time), "set to a wrong time");
		GIVES(syscall(SYS_clock_settime, clock, 8), "set from a bad address");
	}
}

static void own_processor_clocks(void)
{
	clockid_t clock;
	struct timespec time;
	GIVES(clock_getcpuclockid(0, &clock), "own");
	for (volatile int i = 0; i < 30000000; i++)
		;
	GIVES(clock_gettime(clock, &time), "read");
	say("  some: %d", time.tv_sec || time.tv_nsec);
	GIVES(clock_getcpuclockid(1, &clock), "of process 1");
	GIVES(clock_gettime(clock, &time), "read");
	GIVES(clock_getcpuclockid(0x7ffffff, &clock), "of nobody");
	GIVES(clock_gettime((~getpid() << 3) | 0, &time), "both");
	GIVES(clock_gettime((~getpid() << 3) | 1, &time), "user");
	GIVES(clock_gettime((~getpid() << 3) | 2, &time), "scheduled");
	GIVES(clock_gettime((~getpid() << 3) | 6, &time), "of the thread");
	GIVES(clock_gettime((~0 << 3) | 3, &time), "of a file");
}

static void wrong(void)
{
	static const struct timespec times[] = {{0, -1}, {0, 1000000000}, {-1, 0}, {-1, 999999999}};
	for (int i = 0; i < 4; i++) {
		GIVES(nanosleep(&times[i], NULL), "nanosleep %d", i);
		GIVES(-clock_nanosleep(CLOCK_MONOTONIC, 0, &times[i], NULL), "relative %d", i);
		GIVES(-clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &times[i], NULL),
		      "absolute %d", i);
	}
	GIVES(syscall(SYS_nanosleep, 8, 0), "a bad address");
}

/* Interrupted by a handler, long before its end: by its next call, if the first came before the
 * sleep began. */
static void interrupted(int clock, int flags)
{
	struct itimerval soon = {{0, 20000}, {0, 20000}}, never = {0};
	struct timespec time = {4, 0}, rest = {7, 7}, now;
	if (flags & TIMER_ABSTIME) {
		clock_gettime(clock, &now);
		time.tv_sec = now.tv_sec + 4;
	}
	handled = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	GIVES(syscall(SYS_clock_nanosleep, clock, flags, &time, &rest), "clock %d flags %d", clock,
	      flags);
	setitimer(ITIMER_REAL, &never, NULL);
	/* Of a processor's time all may be left. */
	say("  handled %d, the rest is told %d", handled == SIGALRM, rest.tv_sec <= 4);
}

/* Stopped and continued, and an ignored signal, meanwhile: it sleeps on, and not longer. */
static void undisturbed(void)
{
	struct timespec time = {0, 150000000}, start, end;
	pid_t self = getpid(), child = fork();
	if (child == 0) {
		usleep(30000);
		kill(self, SIGSTOP);
		usleep(20000);
		kill(self, SIGCONT);
		kill(self, SIGURG);
		_exit(0);
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	GIVES(nanosleep(&time, NULL), "over a stop");
	clock_gettime(CLOCK_MONOTONIC, &end);
	long ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
	say("  not shorter %d, not for ever %d", ms >= 150, ms < 5000);
	waitpid(child, NULL, 0);
}

static void *spins(void *unused)
{
	for (;;)
		;
	return unused;
}

/* Another thread uses the processor, while this one sleeps until the process has used so much. */
static void by_another_thread(void)
{
	struct timespec time = {0, 20000000}, then;
	pthread_t thread;
	pthread_create(&thread, NULL, spins, NULL);
	GIVES(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &time, NULL), "the process's clock");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &then);
	then.tv_sec++;
	GIVES(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &then, NULL), "until then");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	say("  not earlier: %d", time.tv_sec > then.tv_sec ||
	    (time.tv_sec == then.tv_sec && time.tv_nsec >= then.tv_nsec));
	pthread_cancel(thread);
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler};
	sigaction(SIGALRM, &action, NULL);
	each_clock();
	own_processor_clocks();
	wrong();
	for (int flags = 0; flags <= TIMER_ABSTIME; flags += TIMER_ABSTIME) {
		interrupted(CLOCK_REALTIME, flags);
		interrupted(CLOCK_MONOTONIC, flags);
	}
	interrupted(CLOCK_PROCESS_CPUTIME_ID, 0);
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	interrupted(CLOCK_MONOTONIC, 0);
	interrupted(CLOCK_MONOTONIC, TIMER_ABSTIME);
	undisturbed();
	by_another_thread();
	return 0;
}
