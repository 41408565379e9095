/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes of files on the disk, as xattr(7) and the calls have them: values and names,
 * what a file can hold at most, who may; they go with the file. The host looks afterwards, whether
 * those of "kept" are on the disk.
 *
 * pagoda-only: which attributes a file may have, and how much of them, is its file system's: ext2's.
 * guest: mem=16 swap=0 writes pagoda-only
 */
#include "tests/test.h"

#include <linux/xattr.h>
#include <sys/syscall.h>

#define VALUE 4000u /* fits a block of 4 KiB, with its name */

static char bytes[70000];

/* The calls, which this C library does not know. */
static int setxattr(const char *path, const char *name, const void *value, size_t n, int flags)
{
	return syscall(SYS_setxattr, path, name, value, n, flags);
}

static int lsetxattr(const char *path, const char *name, const void *value, size_t n, int flags)
{
	return syscall(SYS_lsetxattr, path, name, value, n, flags);
}

static ssize_t getxattr(const char *path, const char *name, void *to, size_t n)
{
	return syscall(SYS_getxattr, path, name, to, n);
}

static ssize_t lgetxattr(const char *path, const char *name, void *to, size_t n)
{
	return syscall(SYS_lgetxattr, path, name, to, n);
}

static ssize_t listxattr(const char *path, char *to, size_t n)
{
	return syscall(SYS_listxattr, path, to, n);
}

static ssize_t llistxattr(const char *path, char *to, size_t n)
{
	return syscall(SYS_llistxattr, path, to, n);
}

static int removexattr(const char *path, const char *name)
{
	return syscall(SYS_removexattr, path, name);
}

static bool has(const char *path, const char *name, const char *value)
{
	ssize_t n = lgetxattr(path, name, bytes, sizeof(bytes));

	return n == (ssize_t)strlen(value) && !memcmp(bytes, value, n);
}

static bool lists(const char *path, const char *name)
{
	ssize_t n = llistxattr(path, bytes, sizeof(bytes));

	for (char *at = bytes; n > 0 && at < bytes + n; at += strlen(at) + 1)
		if (!strcmp(at, name))
			return true;
	return false;
}

static void make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && close(fd) == 0, "%s", path);
}

static void values(const char *path)
{
	CHECK_ERRNO(getxattr(path, "user.a", bytes, 10), ENODATA);
	CHECK(setxattr(path, "user.a", "first", 5, 0) == 0, "set");
	CHECK(has(path, "user.a", "first"), "get");
	CHECK(getxattr(path, "user.a", NULL, 0) == 5, "its size");
	CHECK_ERRNO(getxattr(path, "user.a", bytes, 4), ERANGE);
	CHECK_ERRNO(setxattr(path, "user.a", "x", 1, XATTR_CREATE), EEXIST);
	CHECK_ERRNO(setxattr(path, "user.b", "x", 1, XATTR_REPLACE), ENODATA);
	CHECK_ERRNO(setxattr(path, "user.b", "x", 1, 8), EINVAL);
	CHECK(setxattr(path, "user.a", "the second one", 14, XATTR_REPLACE) == 0, "replaced");
	CHECK(setxattr(path, "user.empty", "", 0, XATTR_CREATE) == 0, "an empty one");
	CHECK(getxattr(path, "user.empty", bytes, 10) == 0, "is there");
	CHECK(has(path, "user.a", "the second one"), "beside the other");
	CHECK(lists(path, "user.a") && lists(path, "user.empty"), "both are listed");
	CHECK_ERRNO(listxattr(path, bytes, 3), ERANGE);
	CHECK(removexattr(path, "user.a") == 0 && !lists(path, "user.a"), "removed");
	CHECK_ERRNO(removexattr(path, "user.a"), ENODATA);
	CHECK(has(path, "user.empty", ""), "the other stays");
	CHECK_ERRNO(setxattr(path, "user.", "x", 1, 0), EINVAL);
	CHECK_ERRNO(setxattr(path, "nobody.a", "x", 1, 0), EOPNOTSUPP);
	CHECK_ERRNO(setxattr(path, "user.a", bytes, 65537, 0), E2BIG);
	memset(bytes, 'n', 300);
	memcpy(bytes, "user.", 5);
	bytes[256] = '\0';
	CHECK_ERRNO(setxattr(path, bytes, "x", 1, 0), ERANGE);
	bytes[255] = '\0';
	CHECK(setxattr(path, bytes, "x", 1, 0) == 0 && removexattr(path, bytes) == 0,
	      "the longest name");
	CHECK(removexattr(path, "user.empty") == 0 && !lists(path, "user.empty"), "all are gone");
}

/* A file holds some, and is told when there are too many; those that are there stay. */
static void limits(void)
{
	char name[32], value[VALUE];
	uint32_t count = 0;

	make("many");
	memset(value, 'v', sizeof(value));
	CHECK(setxattr("many", "user.large", value, VALUE, 0) == 0, "a large value");
	CHECK(getxattr("many", "user.large", bytes, sizeof(bytes)) == (ssize_t)VALUE &&
	      !memcmp(bytes, value, VALUE), "is there");
	CHECK(removexattr("many", "user.large") == 0, "removed");
	for (;; count++) {
		snprintf(name, sizeof(name), "user.%u", count);
		if (setxattr("many", name, name, strlen(name), 0))
			break;
	}
	CHECK(errno == ENOSPC && count > 100, "too many: %u fit", count);
	while (count-- > 0) {
		snprintf(name, sizeof(name), "user.%u", count);
		CHECK(has("many", name, name), "%s", name);
		CHECK(removexattr("many", name) == 0, "%s goes", name);
	}
	CHECK(setxattr("many", "user.last", "x", 1, 0) == 0, "there is room again");
	CHECK(unlink("many") == 0, "they go with the file");
}

/* What a user gets to see who owns none of it, while all may read the file; and afterwards. */
static void other_sees(void)
{
	CHECK(has("file", "user.a", "all") && has("file", "security.a", "seen"), "others see these");
	CHECK(!lists("file", "trusted.a") && lists("file", "security.a"), "but not that");
	CHECK_ERRNO(getxattr("file", "trusted.a", bytes, 10), ENODATA);
	CHECK_ERRNO(setxattr("file", "trusted.a", "x", 1, 0), EPERM);
	CHECK_ERRNO(setxattr("file", "security.a", "x", 1, 0), EPERM);
	CHECK_ERRNO(setxattr("file", "user.a", "x", 1, 0), EACCES);
	CHECK_ERRNO(setxattr("sticky", "user.a", "x", 1, 0), EPERM);
}

static void other_sees_nothing(void)
{
	CHECK_ERRNO(getxattr("file", "user.a", bytes, 10), EACCES);
}

static void as_user(void (*look)(void))
{
	pid_t child = fork_checked();

	if (child == 0) {
		CHECK(setgid(1000) == 0 && setuid(1000) == 0, "a user");
		look();
		_exit(0);
	}
	wait_success(child);
}

static void rights(void)
{
	make("file");
	CHECK(symlink("file", "link") == 0 && mkfifo("fifo", 0666) == 0 &&
	      mkdir("sticky", 01777) == 0 && chmod("sticky", 01777) == 0, "other kinds");
	CHECK_ERRNO(lsetxattr("link", "user.a", "x", 1, 0), EPERM);
	CHECK_ERRNO(setxattr("fifo", "user.a", "x", 1, 0), EPERM);
	CHECK_ERRNO(getxattr("fifo", "user.a", bytes, 10), ENODATA);
	CHECK(lsetxattr("link", "trusted.a", "of the link", 11, 0) == 0 &&
	      has("link", "trusted.a", "of the link") && !lists("file", "trusted.a"),
	      "a link has its own");
	CHECK(setxattr("file", "trusted.a", "hidden", 6, 0) == 0, "trusted.");
	CHECK(setxattr("file", "security.a", "seen", 4, 0) == 0, "security.");
	CHECK(setxattr("file", "user.a", "all", 3, 0) == 0, "user.");
	as_user(other_sees);
	CHECK(chmod("file", 0600) == 0, "chmod");
	as_user(other_sees_nothing);
	CHECK(unlink("link") == 0 && unlink("fifo") == 0 && rmdir("sticky") == 0, "they go");
}

int main(void)
{
	make("plain");
	values("plain");
	CHECK(mkdir("folder", 0755) == 0, "a directory");
	values("folder");
	limits();
	rights();
	make("kept");
	CHECK(setxattr("kept", "user.note", "a note", 6, 0) == 0 &&
	      setxattr("kept", "trusted.other", "another", 7, 0) == 0 &&
	      setxattr("kept", "security.third", "the third", 9, 0) == 0, "for the host");
	CHECK(link("kept", "kept-too") == 0 && unlink("kept") == 0 &&
	      rename("kept-too", "kept") == 0 && has("kept", "user.note", "a note"),
	      "they are the file's, whatever its name");
	say("attributes are kept, told and guarded");
	return 0;
}
