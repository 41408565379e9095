/* SPDX-License-Identifier: MIT */
/*
 * A symbolic link with a long target needs a block of its own: on a full disk symlink(2) says
 * ENOSPC, and leaves no name behind. A short target lies in the inode and needs none. Pagoda
 * only: nobody's disk shall be filled on Linux.
 *
 * guest: mem=16 swap=0 timeout=90 writes pagoda-only
 */
#include "tests/test.h"

static char long_target[200];

int main(void)
{
	static char bytes[64 * 1024];
	char target[300];
	struct stat status;
	size_t piece = sizeof(bytes);
	int fd;

	memset(long_target, 'x', sizeof(long_target) - 1);
	CHECK(symlink("before", "first") == 0, "the folder has its block");
	fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
	CHECK(fd >= 0, "create");
	while (piece > 0)
		if (write(fd, bytes, piece) <= 0)
			piece /= 2;
	CHECK(errno == ENOSPC, "the disk is full");

	CHECK_ERRNO(symlink(long_target, "long"), ENOSPC);
	CHECK(lstat("long", &status) == -1 && errno == ENOENT, "there is no such name");
	CHECK(symlink("data", "short") == 0 && readlink("short", target, sizeof(target)) == 4,
	      "a short one fits");
	CHECK(close(fd) == 0 && unlink("data") == 0, "there is room again");
	CHECK(symlink(long_target, "long") == 0, "now the long one fits");
	CHECK(readlink("long", target, sizeof(target)) == (ssize_t)sizeof(long_target) - 1 &&
	      memcmp(target, long_target, sizeof(long_target) - 1) == 0, "and is read");
	say("ENOSPC, and then room for a target of %zu bytes", sizeof(long_target) - 1);
	return 0;
}
