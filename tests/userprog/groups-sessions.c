/* SPDX-License-Identifier: MIT */
/*
 * Groups and sessions: a child is in its parent's, setpgid(2) makes a group, setsid(2) a session,
 * and what the manual forbids is EPERM or ESRCH.
 */
#include "tests/test.h"

static void leader(void *unused)
{
	pid_t self = getpid();

	(void)unused;
	CHECK(setsid() == self, "a session of its own");
	CHECK(getsid(0) == self && getpgrp() == self, "which it leads");
	CHECK_ERRNO(setsid(), EPERM);
	CHECK_ERRNO(setpgid(0, getppid()), EPERM);
	CHECK(open("/dev/tty", O_RDWR) == -1, "it has no terminal");
}

static void child(void *parents_group)
{
	CHECK(getpgrp() == (pid_t)(intptr_t)parents_group, "in the parent's group");
	CHECK(setpgid(0, 0) == 0 && getpgrp() == getpid(), "then in one of its own");
	CHECK(getsid(0) == getsid(getppid()), "in the parent's session");
	CHECK_ERRNO(setsid(), EPERM);
	CHECK_ERRNO(setpgid(0, 0x3FFFFFF), EPERM);
	CHECK_ERRNO(setpgid(0, -1), EINVAL);
	CHECK_ERRNO(getpgid(0x3FFFFFF), ESRCH);
}

int main(void)
{
	in_child(child, (void *)(intptr_t)getpgrp());
	in_child(leader, NULL);
	say("groups and sessions");
	return 0;
}
