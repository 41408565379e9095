/* SPDX-License-Identifier: MIT */
/*
 * execve(2) of a directory, a device, a missing file, a file without the right to execute it, or a
 * path through a file: each with the errno of the manual.
 */
#include "tests/test.h"

int main(void)
{
	char *arguments[] = {"x", NULL};
	char long_name[300];
	int fd = open("plain", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && close(fd) == 0, "a plain file");
	CHECK(mkdir("directory", 0755) == 0, "a directory");
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	CHECK_ERRNO(execve("directory", arguments, NULL), EACCES);
	CHECK_ERRNO(execve("/dev/null", arguments, NULL), EACCES);
	CHECK_ERRNO(execve("missing", arguments, NULL), ENOENT);
	CHECK_ERRNO(execve("", arguments, NULL), ENOENT);
	CHECK_ERRNO(execve("plain", arguments, NULL), EACCES);
	CHECK_ERRNO(execve("plain/x", arguments, NULL), ENOTDIR);
	CHECK_ERRNO(execve("directory/x", arguments, NULL), ENOENT);
	CHECK_ERRNO(execve(long_name, arguments, NULL), ENAMETOOLONG);
	say("8 times no program");
	return 0;
}
