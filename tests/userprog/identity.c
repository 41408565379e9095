/* SPDX-License-Identifier: MIT */
/*
 * uname(2), getuid(2) and their like; a process that is root can become another user, and then not
 * go back.
 *
 * guest: linux-root
 */
#include "tests/test.h"

#include <sys/utsname.h>

static void become_user(void *unused)
{
	(void)unused;
	CHECK(setgid(100) == 0 && setuid(1000) == 0, "become user 1000");
	CHECK(getuid() == 1000 && geteuid() == 1000 && getgid() == 100 && getegid() == 100,
	      "we are");
	CHECK_ERRNO(setuid(0), EPERM);
	CHECK_ERRNO(kill(getppid(), 0), EPERM);
}

int main(void)
{
	struct utsname name;

	CHECK(uname(&name) == 0, "uname");
	CHECK(name.sysname[0] && name.release[0] && name.machine[0], "has words");
	CHECK(getuid() == 0 && geteuid() == 0 && getgid() == 0, "root");
	in_child(become_user, NULL);
	say("%s %s %s", name.sysname, name.release, name.machine);
	return 0;
}
