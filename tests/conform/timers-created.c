/* SPDX-License-Identifier: MIT */
/* timer_create(2), timer_settime(2), timer_getoverrun(2): clocks, ways to tell, values, absolute
 * times, overruns, wrong arguments, RLIMIT_SIGPENDING, fork and exec. By system call: the C library
 * has numbers of its own. */
#include "case.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static int create(int clock, int notify, int signal, int value)
{
	struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal,
	                         .sigev_value.sival_int = value};
	int id = -1;
	if (notify & SIGEV_THREAD_ID)
		event.sigev_notify_thread_id = getpid();
	return syscall(SYS_timer_create, clock, &event, &id) ? -1 : id;
}

static int set(int id, int flags, long first_ms, long then_ms)
{
	struct timespec setting[2] = {{then_ms / 1000, then_ms % 1000 * 1000000},
	                              {first_ms / 1000, first_ms % 1000 * 1000000}};
	return (int)syscall(SYS_timer_settime, id, flags, setting, NULL);
}

static void tell(int id, const char *when)
{
	struct timespec setting[2];
	GIVES(syscall(SYS_timer_gettime, id, setting), "%s", when);
	say("  left %d interval %ld.%03ld", setting[1].tv_sec || setting[1].tv_nsec,
	    (long)setting[0].tv_sec, setting[0].tv_nsec / 1000000);
}

static bool take(int signal, int ms, siginfo_t *info)
{
	sigset_t set;
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};
	sigemptyset(&set);
	sigaddset(&set, signal);
	return sigtimedwait(&set, info, &time) == signal;
}

static void spin(int ms)
{
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static void clocks(void)
{
	for (int clock = -1; clock <= 12; clock++) {
		if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM)
			continue; /* whether the machine can wake up for one */
		int id = create(clock, SIGEV_SIGNAL, SIGUSR1, 5);
		say("clock %d: %s", clock, id < 0 ? error_name(errno) : "done");
		if (id < 0)
			continue;
		siginfo_t info = {0};
		set(id, 0, 10, 0);
		tell(id, "running");
		spin(60);
		bool came = take(SIGUSR1, 2000, &info);
		say("  came %d code %d value %d timer %d overrun %d", came, info.si_code,
		    info.si_int, info.si_timerid == id, info.si_overrun);
		tell(id, "over");
		GIVES(syscall(SYS_timer_delete, id), "delete");
	}
}

static void ways(void)
{
	static const int notify[] = {SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID,
	                             SIGEV_THREAD_ID | SIGEV_NONE, 3, 5, 6, 8, -1};
	static const int signals[] = {SIGUSR1, 0, 64, 65, -1, SIGKILL};
	for (unsigned i = 0; i < sizeof notify / sizeof notify[0]; i++) {
		for (unsigned k = 0; k < sizeof signals / sizeof signals[0]; k++) {
			int id = create(CLOCK_MONOTONIC, notify[i], signals[k], 0);
			say("notify %d signal %d: %s", notify[i], signals[k],
			    id < 0 ? error_name(errno) : "done");
			if (id >= 0)
				syscall(SYS_timer_delete, id);
		}
	}
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	int id;
	event.sigev_notify_thread_id = 1;
	GIVES(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), "another's thread");
	GIVES(syscall(SYS_timer_create, CLOCK_MONOTONIC, 8, &id), "a bad event");
	GIVES(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 8), "a bad place");
	GIVES(syscall(SYS_timer_create, 99, 8, &id), "both");
	GIVES(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id), "without an event");
	siginfo_t info;
	set(id, 0, 1, 0);
	if (take(SIGALRM, 1000, &info))
		say("tells its number: %d", info.si_int == id);
	syscall(SYS_timer_delete, id);
}

static void overruns(void)
{
	siginfo_t info;
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 1);
	GIVES(syscall(SYS_timer_getoverrun, id), "overruns at first");
	set(id, 0, 10, 10);
	spin(105);
	take(SIGRTMIN, 1000, &info);
	say("many: %d, told the same %d", info.si_overrun >= 5 && info.si_overrun <= 1000,
	    syscall(SYS_timer_getoverrun, id) == info.si_overrun);
	tell(id, "goes on");
	take(SIGRTMIN, 1000, &info);
	set(id, 0, 0, 0);
	while (take(SIGRTMIN, 30, &info))
		;
	GIVES(syscall(SYS_timer_getoverrun, id), "stopped");
	signal(SIGRTMIN, SIG_IGN);
	set(id, 0, 5, 5);
	spin(50);
	tell(id, "pending");
	sigset_t pending;
	sigpending(&pending);
	say("pending %d", sigismember(&pending, SIGRTMIN));
	signal(SIGRTMIN, SIG_DFL);
	syscall(SYS_timer_delete, id);
}

static void absolute(void)
{
	static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
	for (int i = 0; i < 2; i++) {
		struct timespec setting[2] = {{0, 0}, {1, 0}}, now;
		siginfo_t info;
		int id = create(clocks[i], SIGEV_SIGNAL, SIGUSR2, 0);
		GIVES(syscall(SYS_timer_settime, id, TIMER_ABSTIME, setting, NULL), "in the past");
		say("came %d", take(SIGUSR2, 1000, &info));
		clock_gettime(clocks[i], &now);
		setting[1] = now;
		setting[1].tv_sec += 3;
		GIVES(syscall(SYS_timer_settime, id, TIMER_ABSTIME, setting, NULL), "ahead");
		GIVES(syscall(SYS_timer_gettime, id, setting), "left");
		say("  of 3 seconds: %d", setting[1].tv_sec == 2);
		setting[1] = now;
		setting[1].tv_nsec += 20000000;
		if (setting[1].tv_nsec >= 1000000000) {
			setting[1].tv_nsec -= 1000000000;
			setting[1].tv_sec++;
		}
		GIVES(syscall(SYS_timer_settime, id, TIMER_ABSTIME, setting, NULL), "soon");
		say("came %d", take(SIGUSR2, 2000, &info));
		syscall(SYS_timer_delete, id);
	}
}

static void wrong(void)
{
	static const long parts[] = {-1, 1000000000, 999999999};
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
	struct timespec setting[2] = {{0, 0}, {9, 0}}, old[2];
	for (int i = 0; i < 3; i++) {
		setting[1] = (struct timespec){9, parts[i]};
		setting[0] = (struct timespec){0, 0};
		GIVES(syscall(SYS_timer_settime, id, 0, setting, NULL), "value %ld", parts[i]);
		setting[0] = (struct timespec){0, parts[i]};
		setting[1] = (struct timespec){9, 0};
		GIVES(syscall(SYS_timer_settime, id, 0, setting, NULL), "interval %ld", parts[i]);
	}
	setting[1].tv_sec = -1;
	GIVES(syscall(SYS_timer_settime, id, 0, setting, NULL), "before all time");
	setting[1] = (struct timespec){0, 0};
	GIVES(syscall(SYS_timer_settime, id, 0, setting, old), "off");
	say("  it had left %d", old[1].tv_sec == 8);
	GIVES(syscall(SYS_timer_settime, id, 0, NULL, old), "no value");
	GIVES(syscall(SYS_timer_settime, id, 0, 8, old), "a bad value");
	GIVES(syscall(SYS_timer_settime, id, 0, setting, 8), "a bad place");
	GIVES(syscall(SYS_timer_settime, id, 0x7ffe, setting, NULL), "odd flags");
	GIVES(syscall(SYS_timer_settime, 77777, 0, setting, NULL), "no timer");
	GIVES(syscall(SYS_timer_gettime, 77777, setting), "no timer");
	GIVES(syscall(SYS_timer_gettime, id, 8), "a bad place");
	GIVES(syscall(SYS_timer_getoverrun, -1), "no timer");
	GIVES(syscall(SYS_timer_delete, 77777), "no timer");
	GIVES(syscall(SYS_timer_delete, id), "delete");
	GIVES(syscall(SYS_timer_delete, id), "once more");
}

static void limit(void *unused)
{
	struct rlimit most = {3, 3};
	(void)unused;
	if (setresuid(5432, 5432, 5432))
		say("no other user");
	setrlimit(RLIMIT_SIGPENDING, &most);
	for (int i = 0; i < 5; i++)
		SUCCEEDS(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0), "timer %d", i);
	GIVES(sigqueue(getpid(), SIGRTMIN, (union sigval){0}), "and a signal");
}

int main(int count, char **words)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (count > 1) {
		GIVES(syscall(SYS_timer_getoverrun, atoi(words[1])), "after exec");
		return 0;
	}
	clocks();
	ways();
	overruns();
	absolute();
	wrong();
	child_status(limit, NULL);
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
	set(id, 0, 5000, 0);
	if (!fork()) {
		GIVES(syscall(SYS_timer_getoverrun, id), "in a child");
		_exit(0);
	}
	wait(NULL);
	char text[16];
	snprintf(text, sizeof text, "%d", id);
	execl(words[0], words[0], text, NULL);
	return 1;
}
