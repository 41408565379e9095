/* SPDX-License-Identifier: MIT */
/*
 * Symbolic links: short and long ones, to files, directories and nothing; loops end with ELOOP.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	static char target[200], bytes[300], path[300];
	struct stat status;
	int fd = file_make("file", 1, 5);

	CHECK(symlink("file", "short") == 0 && readlink("short", bytes, 300) == 4 &&
	      memcmp(bytes, "file", 4) == 0, "a short link");
	CHECK(lstat("short", &status) == 0 && S_ISLNK(status.st_mode) && status.st_size == 4,
	      "lstat");
	CHECK(stat("short", &status) == 0 && S_ISREG(status.st_mode) && status.st_size == PAGE,
	      "stat");
	for (uint32_t i = 0; i < 75; i++)
		memcpy(target + i * 2, "./", 2);
	strcpy(target + 150, "file");
	CHECK(symlink(target, "long") == 0 && readlink("long", bytes, 300) == 154,
	      "one of 154 bytes");
	CHECK(memcmp(bytes, target, 154) == 0, "has its target");
	CHECK(readlink("long", bytes, 10) == 10, "readlink cuts");
	fd = open("long", O_RDONLY);
	CHECK(fd >= 0 && fstat(fd, &status) == 0 && status.st_size == PAGE, "it is followed");

	CHECK(mkdir("d", 0755) == 0 && symlink("../file", "d/up") == 0 && symlink("d", "dir") == 0,
	      "more");
	CHECK(stat("dir/up", &status) == 0 && S_ISREG(status.st_mode), "through two links");
	CHECK(symlink("nothing", "dangling") == 0, "a link to nothing");
	CHECK_ERRNO(open("dangling", O_RDONLY), ENOENT);
	fd = open("dangling", O_WRONLY | O_CREAT, 0644);
	CHECK(fd >= 0 && stat("nothing", &status) == 0, "creating through it creates its target");
	CHECK_ERRNO(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	CHECK(getcwd(path, 200) && strcat(path, "/file") && symlink(path, "absolute") == 0 &&
	      stat("absolute", &status) == 0, "an absolute one");
	CHECK(symlink("loop2", "loop1") == 0 && symlink("loop1", "loop2") == 0, "a loop");
	CHECK_ERRNO(open("loop1", O_RDONLY), ELOOP);
	CHECK_ERRNO(stat("loop2/x", &status), ELOOP);
	CHECK_ERRNO(readlink("file", bytes, 10), EINVAL);
	CHECK_ERRNO(symlink("x", "file"), EEXIST);
	CHECK_ERRNO(symlink("", "x"), ENOENT);
	CHECK(unlink("short") == 0 && unlink("long") == 0 && access("file", F_OK) == 0,
	      "unlink them");
	say("links of 4 and 154 bytes, and a loop");
	return 0;
}
