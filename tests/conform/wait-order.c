/* SPDX-License-Identifier: MIT */
/* wait(2) of any child: of several that have something to tell, the first in the order in which
 * they were born, or adopted, whatever the order in which it happened. */
#include "case.h"
#include <sys/prctl.h>

#define COUNT 6

static pid_t children[COUNT + 2];

static int index_of(pid_t pid)
{
	for (int i = 0; i < COUNT + 2; i++)
		if (children[i] == pid)
			return i;
	return -1;
}

/* Has this happened to that child? It stays to be told. */
static void until(int i, int options)
{
	siginfo_t info;
	waitid(P_PID, children[i], &info, options | WNOWAIT);
}

static void birth(bool in_own_group)
{
	for (int i = 0; i < COUNT; i++) {
		children[i] = fork();
		while (!children[i])
			pause();
		if (in_own_group)
			setpgid(children[i], children[0]);
	}
}

static void ends(int i)
{
	kill(children[i], SIGKILL);
	until(i, WEXITED);
}

static void collect(pid_t which, int options, int count)
{
	for (int i = 0; i < count; i++) {
		int status = 0;
		pid_t pid = waitpid(which, &status, options);
		say("  child %d, status %x", index_of(pid), status);
	}
}

static void zombies(bool in_own_group)
{
	static const int order[COUNT] = {4, 1, 5, 0, 3, 2};
	birth(in_own_group);
	for (int i = 0; i < COUNT; i++)
		ends(order[i]);
	say("all have ended%s", in_own_group ? ", in one group" : "");
	if (in_own_group) {
		collect(-children[0], 0, 2); /* with its first process the group's number stays */
		siginfo_t info;
		waitid(P_PGID, children[0], &info, WEXITED);
		say("  child %d, by waitid", index_of(info.si_pid));
		collect(-1, 0, COUNT - 3);
		return;
	}
	collect(-1, 0, COUNT);
}

static void of_every_kind(void)
{
	birth(false);
	ends(5);
	kill(children[4], SIGSTOP);
	until(4, WSTOPPED);
	kill(children[2], SIGSTOP);
	until(2, WSTOPPED);
	kill(children[3], SIGSTOP);
	until(3, WSTOPPED);
	kill(children[3], SIGCONT);
	until(3, WCONTINUED);
	ends(1);
	say("ended, stopped, continued");
	collect(-1, WUNTRACED | WCONTINUED, 5);
	ends(4);
	ends(2);
	ends(3);
	ends(0);
	say("then all ended");
	collect(-1, 0, 4);
}

/* The orphans of a child come behind those that were there. */
static void adopted(void)
{
	int told[2], begin[2];
	char byte;
	pipe(told);
	pipe(begin);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid_t middle = fork();
	if (!middle) {
		pid_t orphans[2];
		for (int i = 0; i < 2; i++) {
			orphans[i] = fork();
			while (!orphans[i])
				pause();
		}
		write(told[1], orphans, sizeof orphans);
		read(begin[0], &byte, 1);
		_exit(0);
	}
	birth(false);
	read(told[0], children + COUNT, 2 * sizeof *children);
	write(begin[1], "b", 1);
	waitpid(middle, NULL, 0);
	ends(COUNT + 1);
	ends(3);
	ends(COUNT);
	ends(0);
	say("with orphans");
	collect(-1, 0, 4);
	for (int i = 1; i < COUNT; i++)
		if (i != 3)
			ends(i);
	collect(-1, 0, COUNT - 2);
}

int main(void)
{
	zombies(false);
	zombies(true);
	of_every_kind();
	adopted();
	GIVES(waitpid(-1, NULL, 0), "nobody is left");
	return 0;
}
