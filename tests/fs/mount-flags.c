/* SPDX-License-Identifier: MIT */
/*
 * What mount(2) is told holds: a file system that is read-only takes no change, also after it was
 * mounted anew so; one without devices, programs or set-id bits has none; statfs tells. What cannot
 * be mounted is refused, and umount2's flags are looked at. getxattr and its family say that there
 * are no attributes.
 *
 * guest: linux-root
 */
#include "tests/test.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#define MNT_EXPIRE_FLAG 4
#define ST_KNOWN 15 /* read-only, nosuid, nodev, noexec */

static uint32_t flags_of(const char *path)
{
	struct statfs status;

	CHECK(statfs(path, &status) == 0, "statfs %s", path);
	return status.f_flags & ST_KNOWN;
}

static void check_read_only(void)
{
	CHECK(flags_of("m") == 1, "it says so");
	CHECK_ERRNO(open("m/new", O_RDWR | O_CREAT, 0600), EROFS);
	CHECK_ERRNO(open("m/old", O_RDWR), EROFS);
	CHECK_ERRNO(open("m/old", O_RDONLY | O_TRUNC), EROFS);
	CHECK_ERRNO(mkdir("m/folder", 0700), EROFS);
	CHECK_ERRNO(unlink("m/old"), EROFS);
	CHECK_ERRNO(rename("m/old", "m/new"), EROFS);
	CHECK_ERRNO(chmod("m/old", 0644), EROFS);
	CHECK_ERRNO(truncate("m/old", 0), EROFS);
	int fd = open("m/old", O_RDONLY);
	char byte;
	CHECK(read(fd, &byte, 1) == 1 && byte == 'x', "it can be read");
	close(fd);
}

static void read_only(void)
{
	CHECK(mount("none", "m", "tmpfs", 0, NULL) == 0, "a tmpfs");
	int fd = open("m/old", O_RDWR | O_CREAT, 0600);
	CHECK(write(fd, "x", 1) == 1, "a file");
	CHECK_ERRNO(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	CHECK(write(fd, "y", 1) == 1, "who writes goes on");
	close(fd);
	CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0, "read-only now");
	check_read_only();
	CHECK(mount(NULL, "m", NULL, MS_REMOUNT, "size=64k") == 0, "writable again");
	CHECK(flags_of("m") == 0, "it says so");
	CHECK(mkdir("m/folder", 0700) == 0, "a change");
	CHECK_ERRNO(mount(NULL, "m/folder", NULL, MS_REMOUNT, NULL), EINVAL);
	CHECK(umount("m") == 0, "gone");
	CHECK(mount("none", "m", "tmpfs", MS_RDONLY, NULL) == 0, "read-only from the start");
	CHECK(flags_of("m") == 1, "it says so");
	CHECK_ERRNO(mkdir("m/folder", 0700), EROFS);
	CHECK(umount("m") == 0, "gone");
}

static void nothing_special(void)
{
	CHECK(mount("none", "m", "tmpfs", MS_NODEV | MS_NOEXEC | MS_NOSUID, NULL) == 0, "mounted");
	CHECK(flags_of("m") == 14, "it says so");
	CHECK(mknod("m/null", S_IFCHR | 0666, 1 << 8 | 3) == 0, "a device");
	CHECK_ERRNO(open("m/null", O_RDWR), EACCES);
	int fd = open("m/program", O_RDWR | O_CREAT, 0700);
	CHECK(write(fd, "#!/bin/sh\n", 10) == 10, "a program");
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED &&
	      errno == EPERM, "its pages are no code");
	close(fd);
	char *arguments[] = {"program", NULL};
	CHECK_ERRNO(execv("m/program", arguments), EACCES);
	CHECK_ERRNO(access("m/program", X_OK), EACCES);
	CHECK(umount("m") == 0, "gone");
}

static void refused(void)
{
	close(open("file", O_RDWR | O_CREAT, 0600));
	CHECK_ERRNO(mount("/dev/zero", "m", "ext2", 0, NULL), ENOTBLK);
	CHECK_ERRNO(mount("file", "m", "ext2", 0, NULL), ENOTBLK);
	CHECK_ERRNO(mount("none-such", "m", "ext2", 0, NULL), ENOENT);
	CHECK_ERRNO(mount("none", "m", "none-such", 0, NULL), ENODEV);
	CHECK_ERRNO(mount("none", "file", "tmpfs", 0, NULL), ENOTDIR);
	CHECK_ERRNO(umount("m"), EINVAL);
	CHECK(mount("none", "m", "tmpfs", 0, NULL) == 0, "mounted");
	CHECK_ERRNO(umount2("m", 0x40), EINVAL);
	CHECK_ERRNO(umount2("m", MNT_EXPIRE_FLAG | 1), EINVAL);
	CHECK_ERRNO(umount2("m", MNT_EXPIRE_FLAG), EAGAIN);
	CHECK(umount2("m", MNT_EXPIRE_FLAG) == 0, "gone at the second call");
}

static void attributes(void)
{
	char buffer[16];

	CHECK(syscall(SYS_listxattr, "/proc/self/status", buffer, sizeof buffer) >= 0, "a list");
	CHECK_ERRNO(syscall(SYS_getxattr, "none-such", "user.a", buffer, sizeof buffer), ENOENT);
	CHECK_ERRNO(syscall(SYS_getxattr, "file", "", buffer, sizeof buffer), ERANGE);
	CHECK_ERRNO(syscall(SYS_setxattr, "file", "user.a", "x", 1, 4), EINVAL);
	CHECK_ERRNO(syscall(SYS_setxattr, "file", "user.a", "x", 100000, 0), E2BIG);
	CHECK_ERRNO(syscall(SYS_fgetxattr, 99, "user.a", buffer, sizeof buffer), EBADF);
	CHECK_ERRNO(syscall(SYS_setxattr, "file", "none.a", "x", 1, 0), EOPNOTSUPP);
}

int main(void)
{
	CHECK(mkdir("m", 0700) == 0, "a place");
	read_only();
	nothing_special();
	refused();
	attributes();
	say("flags hold");
	return 0;
}
