/* SPDX-License-Identifier: MIT */
/*
 * There are no leases and no notices of a directory's changes by signal (fcntl(2), F_SETLEASE,
 * F_NOTIFY): the calls say EINVAL, and /proc/sys/fs says that they are switched off.
 *
 * Pagoda only: Linux has them.
 *
 * guest: pagoda-only
 */
#include "tests/test.h"

#ifndef F_SETLEASE
#define F_SETLEASE 1024
#define F_NOTIFY 1026
#endif

static char first_byte(const char *path)
{
	char byte = 0;
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0 && read(fd, &byte, 1) == 1, "%s", path);
	close(fd);
	return byte;
}

int main(void)
{
	int fd = open("file", O_RDONLY | O_CREAT, 0600), directory = open(".", O_RDONLY);

	CHECK(first_byte("/proc/sys/fs/leases-enable") == '0', "no leases");
	CHECK_ERRNO(fcntl(fd, F_SETLEASE, F_RDLCK), EINVAL);
	CHECK(first_byte("/proc/sys/fs/dir-notify-enable") == '0', "no notices");
	CHECK_ERRNO(fcntl(directory, F_NOTIFY, 2), EINVAL);
	say("what is not there says so");
	return 0;
}
