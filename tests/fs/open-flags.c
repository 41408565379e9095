/* SPDX-License-Identifier: MIT */
/*
 * Flags of open(2): O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, and the errors of
 * the manual.
 */
#include "tests/test.h"

int main(void)
{
	int fd = open("data", O_WRONLY | O_CREAT | O_EXCL, 0640);
	struct stat status;
	char bytes[20];

	CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10 && close(fd) == 0,
	      "a file of ten bytes");
	CHECK(stat("data", &status) == 0 && (status.st_mode & 07777) == 0640, "its mode");
	CHECK_ERRNO(open("data", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	fd = open("data", O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0 && read(fd, bytes, 20) == 10, "O_CREAT leaves what is there");
	CHECK(stat("data", &status) == 0 && (status.st_mode & 07777) == 0640, "its mode too");
	fd = open("data", O_RDWR | O_APPEND);
	CHECK(lseek(fd, 2, SEEK_SET) == 2 && write(fd, "ab", 2) == 2, "O_APPEND writes at the end");
	CHECK(lseek(fd, 0, SEEK_CUR) == 12, "and moves there");
	CHECK(pread(fd, bytes, 20, 0) == 12 && memcmp(bytes, "0123456789ab", 12) == 0, "appended");
	fd = open("data", O_WRONLY | O_TRUNC);
	CHECK(fd >= 0 && lseek(fd, 0, SEEK_END) == 0, "O_TRUNC empties it");
	CHECK(mkdir("directory", 0755) == 0 && symlink("data", "link") == 0, "a directory, a link");
	CHECK_ERRNO(open("data", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK(open("directory", O_RDONLY | O_DIRECTORY) >= 0, "O_DIRECTORY");
	CHECK_ERRNO(open("directory", O_WRONLY), EISDIR);
	CHECK_ERRNO(open("directory", O_RDWR | O_CREAT, 0644), EISDIR);
	CHECK_ERRNO(read(open("directory", O_RDONLY), bytes, 10), EISDIR);
	CHECK_ERRNO(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK(open("link", O_RDONLY) >= 0, "without it the link is followed");
	CHECK_ERRNO(open("missing", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("missing/data", O_RDWR | O_CREAT, 0644), ENOENT);
	CHECK_ERRNO(open("data/x", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("", O_RDONLY), ENOENT);
	umask(027);
	CHECK(close(open("masked", O_WRONLY | O_CREAT, 0666)) == 0 &&
	      stat("masked", &status) == 0 &&
	      (status.st_mode & 07777) == 0640, "umask takes rights away");
	say("flags do what the manual says");
	return 0;
}
