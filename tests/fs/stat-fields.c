/* SPDX-License-Identifier: MIT */
/*
 * stat(2) tells the truth about files, directories, devices and pipes; chmod(2) changes modes.
 */
#include "tests/test.h"

#include <sys/sysmacros.h>

int main(void)
{
	int fd = file_make("data", 3, 1), ends[2];
	struct stat by_name, by_fd, other;

	CHECK(stat("data", &by_name) == 0 && fstat(fd, &by_fd) == 0, "stat and fstat");
	CHECK(by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev, "the same file");
	CHECK(S_ISREG(by_name.st_mode) && by_name.st_size == 3 * PAGE && by_name.st_nlink == 1,
	      "a file");
	CHECK(by_name.st_uid == getuid() && by_name.st_blksize > 0, "ours");
	CHECK(stat(".", &other) == 0 && S_ISDIR(other.st_mode) && other.st_dev == by_name.st_dev &&
	      other.st_ino != by_name.st_ino, "its directory");
	CHECK(chmod("data", 0751) == 0 && stat("data", &by_name) == 0 &&
	      by_name.st_mode == (S_IFREG | 0751), "chmod");
	CHECK(fchmod(fd, 04600) == 0 && stat("data", &by_name) == 0 &&
	      by_name.st_mode == (S_IFREG | 04600), "fchmod");
	CHECK(stat("/dev/null", &other) == 0 && S_ISCHR(other.st_mode) &&
	      major(other.st_rdev) == 1 && minor(other.st_rdev) == 3,
	      "/dev/null is character device 1, 3");
	CHECK(pipe(ends) == 0 && fstat(ends[0], &other) == 0 && S_ISFIFO(other.st_mode), "a pipe");
	CHECK(access("data", R_OK | W_OK) == 0 && access(".", X_OK) == 0, "access");
	CHECK_ERRNO(access("missing", F_OK), ENOENT);
	CHECK_ERRNO(stat("missing", &other), ENOENT);
	CHECK_ERRNO(stat("data/x", &other), ENOTDIR);
	CHECK_ERRNO(fstat(99, &other), EBADF);
	say("inode %lu", (unsigned long)by_name.st_ino);
	return 0;
}
