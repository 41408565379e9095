/* SPDX-License-Identifier: MIT */
/*
 * wait(2) finds the few of many children that have something to tell: one that has ended, one that
 * is stopped or goes on (and no more once it has been told), those that came from a child that ended
 * before them (PR_SET_CHILD_SUBREAPER, prctl(2)); and says when there is none, or no child at all.
 */
#include "tests/test.h"

#include <linux/wait.h>
#include <sys/prctl.h>

#define CHILDREN      60
#define GRANDCHILDREN 3

static pid_t children[CHILDREN];
static pid_t *last; /* in shared memory: the grandchild that stays */

static int end_is_seen(siginfo_t *info)
{
	return syscall(__NR_waitid, P_ALL, 0, info, WEXITED | WNOWAIT, NULL);
}

static pid_t pausing_child(void)
{
	pid_t child = fork_checked();

	while (!child)
		pause();
	return child;
}

static void nobody_has_news(int options)
{
	int status;

	CHECK(waitpid(-1, &status, options | WNOHANG) == 0, "nobody has something to tell");
}

static void one_ends(pid_t child)
{
	siginfo_t info;
	int status;

	kill(child, SIGKILL);
	for (int i = 0; i < 2; i++)
		CHECK(end_is_seen(&info) == 0 && info.si_pid == child,
		      "WNOWAIT finds who ended, and leaves it");
	CHECK(waitpid(-1, &status, 0) == child && WIFSIGNALED(status), "wait finds it");
	nobody_has_news(0);
}

static void one_stops(pid_t child)
{
	int status;

	kill(child, SIGSTOP);
	CHECK(waitpid(-1, &status, WUNTRACED) == child && WIFSTOPPED(status), "who stops is found");
	nobody_has_news(WUNTRACED);
	kill(child, SIGCONT);
	nobody_has_news(WUNTRACED);
	CHECK(waitpid(-1, &status, WCONTINUED) == child && WIFCONTINUED(status), "who goes on, too");
	nobody_has_news(WUNTRACED | WCONTINUED);
	kill(child, SIGSTOP);
	CHECK(waitpid(child, &status, WUNTRACED) == child, "it stops again");
	kill(child, SIGCONT);
	one_ends(child); /* that it went on is not told any more */
	nobody_has_news(WUNTRACED | WCONTINUED);
}

/* Its children end before it, and are not waited for; one lives on. */
static void middle(void)
{
	siginfo_t info;

	for (int i = 0; i < GRANDCHILDREN; i++)
		if (!fork_checked())
			_exit(10 + i);
	for (int i = 0; i < GRANDCHILDREN; i++)
		usleep(20000);
	CHECK(end_is_seen(&info) == 0, "one of them has ended");
	*last = pausing_child();
	_exit(1);
}

static void adopted(void)
{
	int status, sum = 0;

	CHECK(syscall(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "orphans below come here");
	if (!fork_checked())
		middle();
	for (int i = 0; i < GRANDCHILDREN + 1; i++) {
		CHECK(wait(&status) > 0 && WIFEXITED(status), "one that ended, %d", i);
		sum += WEXITSTATUS(status);
	}
	CHECK(sum == 1 + 10 + 11 + 12, "each of them once");
	nobody_has_news(0);
}

int main(void)
{
	int status;

	last = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < CHILDREN; i++)
		children[i] = pausing_child();
	nobody_has_news(WUNTRACED | WCONTINUED);
	one_ends(children[CHILDREN / 2]);
	one_ends(children[0]);
	one_stops(children[CHILDREN - 1]);
	CHECK(waitpid(-getpid() - 1, &status, WNOHANG) == -1 && errno == ECHILD, "no such group");
	adopted();
	for (int i = 1; i < CHILDREN - 1; i++)
		if (i != CHILDREN / 2)
			kill(children[i], SIGKILL);
	for (int i = 1; i < CHILDREN - 2; i++)
		CHECK(wait(&status) > 0 && WIFSIGNALED(status), "each that was killed");
	kill(*last, SIGKILL);
	CHECK(wait(&status) > 0 && wait(&status) == -1 && errno == ECHILD, "then there is none");
	return 0;
}
