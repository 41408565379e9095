/* SPDX-License-Identifier: MIT */
/* prctl(2): names, the parent's death, adopting orphans, slack and what the processor is told;
 * personality(2). */
#include "case.h"
#include <sys/personality.h>
#include <sys/prctl.h>

static long control(int option, unsigned long a, unsigned long b)
{
	return syscall(SYS_prctl, option, a, b, 0, 0);
}

static void names(void)
{
	char name[17] = {0};
	GIVES(control(PR_SET_NAME, (unsigned long)"a name that is far too long", 0), "set");
	GIVES(control(PR_GET_NAME, (unsigned long)name, 0), "get");
	say("  \"%s\"", name);
	GIVES(control(PR_SET_NAME, (unsigned long)"", 0), "none");
	control(PR_GET_NAME, (unsigned long)name, 0);
	say("  \"%s\"", name);
	GIVES(control(PR_SET_NAME, 8, 0), "a bad one");
	GIVES(control(PR_GET_NAME, 8, 0), "a bad place");
}

static int death_signal(void)
{
	int signal = -1;
	control(PR_GET_PDEATHSIG, (unsigned long)&signal, 0);
	return signal;
}

/* A grandchild hears that its parent has ended. */
static void death_of_parent(int with)
{
	int ends[2];
	char byte;
	pipe(ends);
	if (!fork()) {
		pid_t parent = getpid();
		if (!fork()) {
			sigset_t set;
			siginfo_t info = {0};
			sigemptyset(&set);
			sigaddset(&set, SIGUSR1);
			sigprocmask(SIG_BLOCK, &set, NULL);
			control(PR_SET_PDEATHSIG, SIGUSR1, 0);
			if (with == 1 && setresuid(4567, 4567, 4567))
				say("no other user");
			if (with == 2)
				control(PR_SET_PDEATHSIG, 0, 0);
			write(ends[1], "r", 1);
			struct timespec time = {with ? 0 : 5, 100000000};
			int got = sigtimedwait(&set, &info, &time);
			say("with %d: %d code %d of it %d", with, got == SIGUSR1, info.si_code,
			    info.si_pid == parent);
			write(ends[1], "e", 1);
			_exit(0);
		}
		read(ends[0], &byte, 1);
		_exit(0);
	}
	wait(NULL);
	read(ends[0], &byte, 1);
	close(ends[0]);
	close(ends[1]);
}

static void parents(const char *self)
{
	static const int signals[] = {0, 1, 64, 65, -1};
	for (int i = 0; i < 5; i++) {
		GIVES(control(PR_SET_PDEATHSIG, signals[i], 0), "death signal %d", signals[i]);
		say("  now %d", death_signal());
	}
	GIVES(control(PR_GET_PDEATHSIG, 8, 0), "a bad place");
	if (!fork()) {
		say("in a child %d", death_signal());
		control(PR_SET_PDEATHSIG, SIGUSR2, 0);
		execl(self, self, "again", NULL);
	}
	wait(NULL);
	control(PR_SET_PDEATHSIG, 0, 0);
	for (int with = 0; with < 3; with++)
		death_of_parent(with);
}

/* Whose child the orphan is. */
static void orphans(void *adopts)
{
	int ends[2];
	pid_t self = getpid(), parent = 0;
	pipe(ends);
	if (adopts)
		GIVES(control(PR_SET_CHILD_SUBREAPER, 5, 0), "adopt");
	int told = -1;
	control(PR_GET_CHILD_SUBREAPER, (unsigned long)&told, 0);
	say("adopts %d", told);
	if (!fork()) {
		control(PR_GET_CHILD_SUBREAPER, (unsigned long)&told, 0);
		say("a child %d", told);
		if (!fork()) {
			while (getppid() != 1 && getppid() != self)
				usleep(1000);
			parent = getppid();
			write(ends[1], &parent, sizeof parent);
			_exit(3);
		}
		_exit(0);
	}
	wait(NULL);
	read(ends[0], &parent, sizeof parent);
	int status = -1;
	say("adopted %d", parent == self);
	SUCCEEDS(waitpid(-1, &status, 0), "waited for");
	say("  status %x", status);
}

static void others(void)
{
	int enabled = 0;
	GIVES(control(PR_GET_TIMERSLACK, 0, 0), "slack");
	GIVES(control(PR_SET_TIMERSLACK, 1234, 0), "slack of 1234");
	GIVES(control(PR_GET_TIMERSLACK, 0, 0), "slack");
	if (!fork()) {
		GIVES(control(PR_GET_TIMERSLACK, 0, 0), "a child's");
		GIVES(control(PR_SET_TIMERSLACK, 99, 0), "its own");
		GIVES(control(PR_SET_TIMERSLACK, 0, 0), "as it was born");
		GIVES(control(PR_GET_TIMERSLACK, 0, 0), "slack");
		_exit(0);
	}
	wait(NULL);
	GIVES(control(PR_SET_TIMERSLACK, 0, 0), "the first again");
	GIVES(control(PR_GET_TIMERSLACK, 0, 0), "slack");
	GIVES(control(PR_GET_TSC, (unsigned long)&enabled, 0), "counter");
	say("  %d", enabled);
	GIVES(control(PR_SET_TSC, PR_TSC_ENABLE, 0), "counter enabled");
	GIVES(control(PR_SET_TSC, 77, 0), "or else");
	GIVES(control(PR_GET_TIMING, 0, 0), "timing");
	GIVES(control(PR_SET_TIMING, 1, 0), "timing 1");
	GIVES(control(PR_GET_SECCOMP, 0, 0), "filters");
	GIVES(control(PR_GET_THP_DISABLE, 0, 0), "huge pages");
	GIVES(control(PR_SET_THP_DISABLE, 1, 1), "none of them, and more");
	GIVES(control(PR_SET_THP_DISABLE, 1, 0), "none of them");
	GIVES(control(PR_GET_THP_DISABLE, 1, 0), "with an argument");
	GIVES(control(PR_GET_THP_DISABLE, 0, 0), "huge pages");
	if (!fork()) {
		GIVES(control(PR_GET_THP_DISABLE, 0, 0), "a child's");
		if (!setresuid(4567, 4567, 4567))
			GIVES(control(PR_SET_SECUREBITS, 0, 0), "its bits");
		_exit(0);
	}
	wait(NULL);
	GIVES(control(PR_SET_SECUREBITS, 16, 0), "keep capabilities");
	GIVES(control(PR_GET_KEEPCAPS, 0, 0), "kept");
	GIVES(control(PR_SET_SECUREBITS, 0, 0), "do not");
	GIVES(control(PR_GET_DUMPABLE, 0, 0), "dumpable");
	GIVES(control(PR_SET_DUMPABLE, 0, 0), "not dumpable");
	GIVES(control(PR_GET_DUMPABLE, 0, 0), "dumpable");
	GIVES(control(PR_SET_DUMPABLE, 2, 0), "dumpable 2");
	GIVES(control(PR_SET_DUMPABLE, 1, 0), "again");
	GIVES(control(PR_GET_KEEPCAPS, 0, 0), "keeps capabilities");
	GIVES(control(PR_GET_SECUREBITS, 0, 0), "secure bits");
	GIVES(control(PR_TASK_PERF_EVENTS_DISABLE, 0, 0), "no counting");
	GIVES(control(PR_TASK_PERF_EVENTS_ENABLE, 0, 0), "counting");
	GIVES(setpgid(-1, 0), "the group of process -1");
	GIVES(setpgid(-1, 1), "a group for process -1");
	GIVES(setpgid(0, -1), "group -1");
	GIVES(control(PR_GET_NO_NEW_PRIVS, 0, 0), "no new rights");
	GIVES(control(PR_SET_NO_NEW_PRIVS, 0, 0), "new ones");
	GIVES(control(PR_SET_NO_NEW_PRIVS, 1, 1), "with an odd word");
	GIVES(control(PR_SET_NO_NEW_PRIVS, 1, 0), "none");
	GIVES(control(PR_GET_NO_NEW_PRIVS, 0, 0), "no new rights");
	GIVES(control(PR_GET_ENDIAN, (unsigned long)&enabled, 0), "order of bytes");
	GIVES(control(PR_GET_FPEMU, (unsigned long)&enabled, 0), "emulation");
	GIVES(control(PR_GET_UNALIGN, (unsigned long)&enabled, 0), "alignment");
	GIVES(control(0, 0, 0), "0");
	GIVES(control(1000, 0, 0), "1000");
	GIVES(control(-1, 0, 0), "-1");
}

/* What is left of a time is written back, unless the personality says otherwise. */
static void sticky(void)
{
	for (int on = 0; on < 2; on++) {
		struct timeval time = {0, 20000};
		personality(on ? STICKY_TIMEOUTS : 0);
		GIVES(select(0, NULL, NULL, NULL, &time), "select");
		say("sticky %d: %ld left", on, (long)time.tv_usec);
	}
	personality(0);
}

int main(int count, char **words)
{
	if (count > 1) {
		say("after exec %d", death_signal());
		return 0;
	}
	names();
	parents(words[0]);
	child_status(orphans, NULL);
	child_status(orphans, words);
	sticky();
	others();
	return 0;
}
