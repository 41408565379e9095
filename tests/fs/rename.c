/* SPDX-License-Identifier: MIT */
/*
 * rename(2): to a new name, over another file, into another directory, of directories; and what it
 * refuses.
 *
 * guest: writes
 */
#include "tests/test.h"

static void make(const char *name, const char *content)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && write(fd, content, 4) == 4 && close(fd) == 0, "make %s", name);
}

static void expect(const char *name, const char *content)
{
	char bytes[4];
	int fd = open(name, O_RDONLY);

	CHECK(fd >= 0 && read(fd, bytes, 4) == 4 && memcmp(bytes, content, 4) == 0, "%s is %s",
	      name, content);
	close(fd);
}

int main(void)
{
	struct stat before, after;
	int old;

	make("a", "aaaa");
	make("b", "bbbb");
	CHECK(rename("a", "c") == 0 && access("a", F_OK) == -1, "a is c now");
	expect("c", "aaaa");
	old = open("b", O_RDONLY);
	CHECK(rename("c", "b") == 0 && access("c", F_OK) == -1, "c replaces b");
	expect("b", "aaaa");
	CHECK(fstat(old, &before) == 0 && before.st_nlink == 0, "the old b has no name");
	CHECK(rename("b", "b") == 0, "to itself");
	CHECK(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0 && mkdir("f", 0755) == 0,
	      "directories");
	CHECK(rename("b", "d/e/g") == 0, "into another directory");
	expect("d/e/g", "aaaa");

	CHECK(stat("d", &before) == 0 && rename("d/e", "f/e") == 0, "a directory moves");
	expect("f/e/g", "aaaa");
	CHECK(stat("d", &after) == 0 && after.st_nlink == before.st_nlink - 1, "d has one less");
	CHECK(stat("f/e/..", &before) == 0 && stat("f", &after) == 0 &&
	      before.st_ino == after.st_ino,
	      "its .. is the new parent");
	CHECK(rename("f", "d") == 0, "over an empty directory");
	expect("d/e/g", "aaaa");

	make("h", "hhhh");
	CHECK(mkdir("i", 0755) == 0, "one more");
	CHECK_ERRNO(rename("missing", "x"), ENOENT);
	CHECK_ERRNO(rename("d", "d/e/x"), EINVAL);
	CHECK_ERRNO(rename("h", "i"), EISDIR);
	CHECK_ERRNO(rename("i", "h"), ENOTDIR);
	CHECK(rename("i", "d") == -1 && (errno == ENOTEMPTY || errno == EEXIST),
	      "not over a full one");
	CHECK_ERRNO(rename("h", "missing/x"), ENOENT);
	expect("h", "hhhh");
	expect("d/e/g", "aaaa");
	say("files and directories were renamed");
	return 0;
}
