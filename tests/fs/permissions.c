/* SPDX-License-Identifier: MIT */
/*
 * Rights of files hold for those who are not root: reading, writing, searching directories,
 * executing, and being no owner.
 *
 * guest: linux-root
 */
#include "tests/test.h"

static void as_user(void *unused)
{
	(void)unused;
	CHECK(setgid(1000) == 0 && setuid(1000) == 0, "a user");
	CHECK_ERRNO(open("secret", O_RDONLY), EACCES);
	CHECK_ERRNO(open("readable", O_WRONLY), EACCES);
	CHECK(open("readable", O_RDONLY) >= 0, "this one may be read");
	CHECK_ERRNO(open("closed/file", O_RDONLY), EACCES);
	CHECK_ERRNO(open("new", O_WRONLY | O_CREAT, 0644), EACCES);
	CHECK_ERRNO(unlink("readable"), EACCES);
	CHECK_ERRNO(chmod("readable", 0777), EPERM);
	CHECK_ERRNO(truncate("readable", 0), EACCES);
	CHECK_ERRNO(access("readable", W_OK), EACCES);
	CHECK(access("readable", R_OK) == 0, "access agrees");
}

int main(void)
{
	CHECK(chmod(".", 0755) == 0, "the directory may be searched");
	file_make("secret", 1, 1);
	file_make("readable", 1, 1);
	CHECK(chmod("secret", 0600) == 0 && chmod("readable", 0644) == 0, "modes");
	CHECK(mkdir("closed", 0700) == 0, "a closed directory");
	file_make("closed/file", 1, 1);
	in_child(as_user, NULL);
	CHECK(open("secret", O_RDWR) >= 0 && open("closed/file", O_RDWR) >= 0,
	      "root may do anything");
	say("rights held for a user");
	return 0;
}
