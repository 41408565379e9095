/* SPDX-License-Identifier: MIT */
/* sigtimedwait(2), sigwaitinfo(2), sigpending(2): signals whose default it is to be ignored, and
 * ignored ones, are kept while they are blocked; what does not belong to the set ends the wait or
 * not; wrong arguments; SIGKILL and SIGSTOP in the set. */
#include "case.h"

static volatile int handled;

static void handler(int signal)
{
	handled = signal;
}

static sigset_t set_of(int a, int b)
{
	sigset_t set;
	sigemptyset(&set);
	if (a)
		sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static const struct timespec long_time = {5, 0}, short_time = {0, 30000000}, no_time = {0, 0};

/* Sent by a child a little later, or now; then what the wait gives. */
static void wait_for(int number, bool later, void (*disposition)(int), bool blocked)
{
	sigset_t set = set_of(number, 0);
	pid_t self = getpid(), child = -1;
	siginfo_t info = {0};

	signal(number, disposition);
	sigprocmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
	handled = 0;
	if (later && !(child = fork())) {
		usleep(20000);
		kill(self, number);
		_exit(0);
	}
	if (!later)
		kill(self, number);
	int got = sigtimedwait(&set, &info, later && (blocked || disposition == handler)
	                                            ? &long_time : &short_time);
	int error = errno;
	say("%s %s %s, %s: %d %s code %d handled %d", sigabbrev_np(number),
	    disposition == SIG_IGN ? "ignored" : disposition == SIG_DFL ? "default" : "caught",
	    blocked ? "blocked" : "not blocked", later ? "later" : "before", got > 0,
	    got < 0 ? error_name(error) : "", got > 0 ? info.si_code : 0, handled);
	if (child > 0)
		waitpid(child, NULL, 0);
	if (sigtimedwait(&set, &info, &no_time) > 0)
		say("there was one more");
	signal(number, SIG_DFL);
}

static void kinds(void)
{
	static const int signals[] = {SIGURG, SIGWINCH, SIGUSR1, SIGCONT, SIGTSTP, SIGALRM};
	for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		for (int later = 0; later < 2; later++) {
			wait_for(signals[i], later, SIG_DFL, true);
			wait_for(signals[i], later, SIG_IGN, true);
			wait_for(signals[i], later, SIG_IGN, false);
			wait_for(signals[i], later, handler, true);
			wait_for(signals[i], later, handler, false);
		}
	}
	wait_for(SIGURG, true, SIG_DFL, false);
	wait_for(SIGWINCH, false, SIG_DFL, false);
}

/* A child's end, told before and during the wait, and the times in it. */
static void children(void)
{
	sigset_t set = set_of(SIGCHLD, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int later = 0; later < 2; later++) {
		siginfo_t info = {0};
		pid_t child = fork();
		if (child == 0) {
			usleep(later ? 30000 : 0);
			_exit(40 + later);
		}
		if (!later)
			waitid(P_PID, child, &info, WEXITED | WNOWAIT);
		memset(&info, 0, sizeof info);
		int got = sigwaitinfo(&set, &info);
		say("child: %d code %d status %d pid %d uid %d times %d", got == SIGCHLD, info.si_code,
		    info.si_status, info.si_pid == child, info.si_uid == getuid(),
		    info.si_utime <= 2 && info.si_stime <= 2);
		waitpid(child, NULL, 0);
	}
}

/* What does not belong to the set. */
static void others(void)
{
	sigset_t set = set_of(SIGUSR1, 0);
	pid_t self = getpid(), child;
	static const struct {
		int signal;
		void (*disposition)(int);
		const char *name;
	} rows[] = {{SIGUSR2, handler, "caught"}, {SIGUSR2, SIG_IGN, "ignored"},
	            {SIGURG, SIG_DFL, "ignored by default"}};

	sigprocmask(SIG_BLOCK, &set, NULL);
	for (unsigned i = 0; i < 3; i++) {
		struct sigaction action = {.sa_handler = rows[i].disposition, .sa_flags = SA_RESTART};
		struct timespec time = {i ? 0 : 5, 60000000}; /* the first ends it */
		sigaction(rows[i].signal, &action, NULL);
		if (!(child = fork())) {
			usleep(20000);
			kill(self, rows[i].signal);
			_exit(0);
		}
		handled = 0;
		GIVES(sigtimedwait(&set, NULL, &time), "another, %s", rows[i].name);
		say("handled %d", handled == rows[i].signal);
		waitpid(child, NULL, 0);
		signal(rows[i].signal, SIG_DFL);
	}
	struct timespec time = {0, 10000000};
	set = set_of(0, 0);
	GIVES(sigtimedwait(&set, NULL, &time), "the empty set");
}

static void wrong(void)
{
	sigset_t set = set_of(SIGUSR1, 0);
	unsigned long long mask = 1ull << (SIGUSR1 - 1), all = ~0ull;
	struct timespec times[] = {{0, 1000000000}, {0, -1}, {-1, 0}};
	for (int i = 0; i < 3; i++)
		GIVES(sigtimedwait(&set, NULL, &times[i]), "time %d", i);
	GIVES(syscall(SYS_rt_sigtimedwait, &mask, NULL, &no_time, 4), "size 4");
	GIVES(syscall(SYS_rt_sigtimedwait, &mask, NULL, &no_time, 16), "size 16");
	GIVES(syscall(SYS_rt_sigtimedwait, 8, NULL, &no_time, 8), "a bad set");
	GIVES(syscall(SYS_rt_sigtimedwait, &mask, NULL, 8, 8), "a bad time");
	kill(getpid(), SIGUSR1);
	GIVES(syscall(SYS_rt_sigtimedwait, &mask, 8, &no_time, 8), "a bad place for the answer");
	GIVES(syscall(SYS_rt_sigtimedwait, &mask, NULL, &no_time, 8), "which has been taken");
	GIVES(syscall(SYS_rt_sigtimedwait, &all, NULL, &no_time, 8), "all of them");
	GIVES(syscall(SYS_rt_sigpending, &mask, 9), "sigpending, size 9");
	GIVES(syscall(SYS_rt_sigpending, &mask, 4), "sigpending, size 4");
	GIVES(syscall(SYS_rt_sigpending, 8, 8), "sigpending, a bad address");
	GIVES(syscall(SYS_rt_sigsuspend, &mask, 4), "sigsuspend, size 4");
	GIVES(syscall(SYS_rt_sigsuspend, 8, 8), "sigsuspend, a bad address");
	GIVES(syscall(SYS_rt_sigprocmask, 3, &mask, NULL, 8), "sigprocmask, how 3");
	GIVES(syscall(SYS_rt_sigprocmask, 3, NULL, &mask, 8), "the same without a set");
	GIVES(syscall(SYS_rt_sigprocmask, 0, &mask, NULL, 4), "sigprocmask, size 4");
}

static void across_exec_and_fork(const char *self)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN), pending;
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	for (int i = 0; i < 3; i++)
		sigqueue(getpid(), SIGRTMIN, (union sigval){i});
	if (!fork()) {
		sigpending(&pending);
		say("in a child: %d %d", sigismember(&pending, SIGUSR1),
		    sigismember(&pending, SIGRTMIN));
		_exit(0);
	}
	wait(NULL);
	execl(self, self, "again", NULL);
}

static void after_exec(void)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN);
	siginfo_t info;
	int got;
	while ((got = sigtimedwait(&set, &info, &no_time)) > 0)
		say("after exec: %s value %d", got == SIGUSR1 ? "USR1" : "RTMIN",
		    got == SIGUSR1 ? 0 : info.si_int);
}

int main(int count, char **arguments)
{
	if (count > 1) {
		after_exec();
		return 0;
	}
	kinds();
	children();
	others();
	wrong();
	across_exec_and_fork(arguments[0]);
	return 1;
}
