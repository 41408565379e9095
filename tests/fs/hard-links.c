/* SPDX-License-Identifier: MIT */
/*
 * A file may have several names: all are the same file, counted by st_nlink, and it goes when the
 * last name goes. Directories cannot be linked.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("a", 1, 5);
	static char page[PAGE];
	struct stat a, b;

	CHECK(fstat(fd, &a) == 0 && a.st_nlink == 1, "one name");
	CHECK(mkdir("d", 0755) == 0 && link("a", "d/b") == 0 && link("d/b", "c") == 0, "two more");
	CHECK(stat("d/b", &b) == 0 && b.st_ino == a.st_ino && b.st_nlink == 3,
	      "one file, three names");
	fd = open("c", O_RDWR);
	page_fill(page, 6);
	CHECK(write(fd, page, PAGE) == (ssize_t)PAGE, "write by one name");
	fd = open("d/b", O_RDONLY);
	CHECK(read(fd, page, PAGE) == (ssize_t)PAGE && page_has(page, 6), "read by another");
	CHECK(unlink("a") == 0 && unlink("c") == 0, "two names go");
	CHECK(stat("d/b", &b) == 0 && b.st_nlink == 1, "one is left");
	CHECK_ERRNO(link("d/b", "d"), EEXIST);
	CHECK_ERRNO(link("missing", "x"), ENOENT);
	CHECK_ERRNO(link("d", "x"), EPERM);
	CHECK(stat("d", &b) == 0 && b.st_nlink == 2, "a directory has two names: its own and .");
	CHECK(mkdir("d/e", 0755) == 0 && stat("d", &b) == 0 && b.st_nlink == 3, "and one a child");
	CHECK(unlink("d/b") == 0 && pread(fd, page, PAGE, 0) == (ssize_t)PAGE && page_has(page, 6),
	      "without a name it can still be read");
	CHECK(fstat(fd, &b) == 0 && b.st_nlink == 0, "no name");
	CHECK_ERRNO(unlink("d/b"), ENOENT);
	CHECK_ERRNO(unlink("d"), EISDIR);
	say("three names came and went");
	return 0;
}
