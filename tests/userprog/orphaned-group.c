/* SPDX-License-Identifier: MIT */
/*
 * A process group whose last link to its session goes is told by SIGHUP, if a member is stopped. A
 * group that never had such a link is not, whoever of it exits.
 */
#include "tests/test.h"

/* The leader of a session is its group's only link to nowhere. */
static void never_linked(void *unused)
{
	(void)unused;
	CHECK(setsid() == getpid(), "a session of its own");
	pid_t stopped = fork_checked();
	if (!stopped) {
		raise(SIGSTOP);
		_exit(0);
	}
	int status;
	CHECK(waitpid(stopped, &status, WUNTRACED) == stopped && WIFSTOPPED(status), "one stops");
	pid_t other = fork_checked();
	if (!other)
		_exit(0);
	wait_success(other);
	CHECK(kill(stopped, SIGKILL) == 0, "one more signal");
	wait_status(stopped);
	say("a group without a link is left alone");
}

static int ends[2];

static void tell(int number)
{
	(void)number;
	if (write(ends[1], "h", 1) != 1)
		_exit(1);
	_exit(0);
}

/* Stops in a group of its own; its parent, in the session's first group, is the only link. */
static void linked_by_parent(void)
{
	pid_t child = fork_checked();
	if (!child) {
		signal(SIGHUP, tell);
		setpgid(0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	int status;
	CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status), "it stops");
	_exit(0);
}

static void loses_link(void *unused)
{
	char letter;

	(void)unused;
	CHECK(setsid() == getpid() && pipe(ends) == 0, "a session of its own, and a pipe");
	pid_t parent = fork_checked();
	if (!parent)
		linked_by_parent();
	wait_success(parent);
	close(ends[1]);
	CHECK(read(ends[0], &letter, 1) == 1 && letter == 'h', "the stopped one hears SIGHUP");
	say("a group that loses its last link hears SIGHUP");
}

int main(void)
{
	in_child(never_linked, NULL);
	in_child(loses_link, NULL);
	return 0;
}
