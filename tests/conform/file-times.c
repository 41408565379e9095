/* SPDX-License-Identifier: MIT */
/* utimensat(2), futimesat(2), utimes(2), utime(2): times before 1970 and after 2038, nanoseconds,
 * UTIME_NOW and UTIME_OMIT, flags, whose right it is; O_NOATIME; on a disk and on a tmpfs. */
#include "case.h"

#define UTIMENSAT_TIME64 412

static void show(const char *name)
{
	struct statx x;

	if (statx(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &x) == 0)
		say("  %s: %lld.%09u %lld.%09u", name, (long long)x.stx_atime.tv_sec,
		    x.stx_atime.tv_nsec, (long long)x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec);
}

static void set(const char *name, long atime, long atime_ns, long mtime, long mtime_ns)
{
	struct timespec times[2] = {{atime, atime_ns}, {mtime, mtime_ns}};

	GIVES(utimensat(AT_FDCWD, name, times, 0), "%ld.%09ld %ld.%09ld", atime, atime_ns, mtime,
	      mtime_ns);
	show(name);
}

static void set64(const char *name, long long atime, long long mtime)
{
	struct { long long seconds; long nanoseconds, padding; } times[2] = {
		{atime, 5, 77}, {mtime, 6, -1},
	};

	GIVES(syscall(UTIMENSAT_TIME64, AT_FDCWD, name, times, 0), "64 bits: %lld %lld", atime,
	      mtime);
	show(name);
}

static void odd_calls(int fd)
{
	struct timespec times[2] = {{9, 9}, {10, 10}};

	GIVES(syscall(SYS_utimensat, fd, NULL, times, 0), "a descriptor, no path");
	GIVES(syscall(SYS_utimensat, fd, NULL, times, AT_SYMLINK_NOFOLLOW), "the same with a flag");
	GIVES(syscall(SYS_utimensat, AT_FDCWD, NULL, times, 0), "no path");
	GIVES(syscall(SYS_utimensat, fd, "", times, 0), "an empty path");
	GIVES(syscall(SYS_utimensat, fd, "", times, AT_EMPTY_PATH), "AT_EMPTY_PATH");
	GIVES(syscall(SYS_utimensat, 99, NULL, times, 0), "no descriptor");
	GIVES(syscall(SYS_utimensat, fd, NULL, 16, 0), "a bad pointer");
	GIVES(utimensat(AT_FDCWD, "f", times, 0x8000), "an unknown flag");
	times[0].tv_nsec = times[1].tv_nsec = UTIME_OMIT;
	GIVES(utimensat(AT_FDCWD, "none", times, 0), "nothing to set, of no file");
	GIVES(utimensat(AT_FDCWD, "none", times, 0x8000), "the same with an unknown flag");
	int path = open("f", O_PATH);
	GIVES(futimens(path, times), "O_PATH, nothing to set");
	times[0].tv_nsec = 1;
	GIVES(futimens(path, times), "O_PATH");
	GIVES(syscall(SYS_utimensat, path, "", times, AT_EMPTY_PATH), "O_PATH and AT_EMPTY_PATH");
	close(path);
}

static void old_calls(int fd)
{
	struct { long seconds, microseconds; } t[2] = {{-5, 123456}, {7, 999999}};
	long utime_times[2] = {-100, -200};

	GIVES(syscall(SYS_utimes, "f", t), "utimes");
	show("f");
	t[1].microseconds = 1000000;
	GIVES(syscall(SYS_utimes, "f", t), "a million microseconds");
	t[1].microseconds = -1;
	GIVES(syscall(SYS_utimes, "f", t), "-1 microseconds");
	t[1].microseconds = 1;
	GIVES(syscall(SYS_futimesat, fd, NULL, t), "futimesat without a path");
	show("f");
	GIVES(syscall(SYS_utimes, NULL, t), "utimes without a path");
	GIVES(syscall(SYS_utimes, "f", NULL), "utimes to now");
	GIVES(syscall(SYS_utime, "f", utime_times), "utime");
	show("f");
	GIVES(syscall(SYS_utime, "f", 16), "utime with a bad pointer");
	GIVES(syscall(SYS_utime, NULL, utime_times), "utime without a path");
	GIVES(syscall(SYS_utime, "none", NULL), "utime of no file");
}

static void now_and_omit(void)
{
	struct timespec times[2] = {{3, UTIME_OMIT}, {4, UTIME_NOW}};
	struct stat status;

	set("f", 1, 2, 3, 4);
	GIVES(utimensat(AT_FDCWD, "f", times, 0), "leave one, the other to now");
	stat("f", &status);
	say("%ld.%ld, %d", (long)status.st_atime, status.st_atim.tv_nsec,
	    status.st_mtime > 1000000000);
	set("f", 55, UTIME_OMIT, 66, 7);
	set("f", 55, 8, 66, UTIME_OMIT);
}

static void as_other(void *unused)
{
	struct timespec times[2] = {{1, UTIME_NOW}, {1, UTIME_NOW}};

	(void)unused;
	setresgid(5, 5, 5);
	setresuid(5, 5, 5);
	GIVES(utimensat(AT_FDCWD, "f", NULL, 0), "another: to now");
	GIVES(utimensat(AT_FDCWD, "f", times, 0), "another: both UTIME_NOW");
	times[0].tv_nsec = UTIME_OMIT;
	GIVES(utimensat(AT_FDCWD, "f", times, 0), "another: one UTIME_NOW");
	times[0].tv_nsec = 0;
	GIVES(utimensat(AT_FDCWD, "f", times, 0), "another: a time");
	SUCCEEDS(open("f", O_RDONLY | O_NOATIME), "another: O_NOATIME");
}

static void rights(void)
{
	chmod(".", 0755);
	chown("f", 1, 1);
	for (int mode = 0602; mode <= 0606; mode += 2) {
		chmod("f", mode);
		say("mode %o", mode);
		child_status(as_other, NULL);
	}
}

static void reading(void)
{
	int fd = open("f", O_RDWR | O_TRUNC | O_NOATIME);
	struct timespec old[2] = {{1000, 3}, {1, 0}};
	struct stat before, after;
	char byte;

	GIVES(write(fd, "hello", 5), "write");
	futimens(fd, old);
	GIVES(pread(fd, &byte, 1, 0), "a read with O_NOATIME");
	fstat(fd, &before);
	say("%ld.%ld", (long)before.st_atime, before.st_atim.tv_nsec);
	int plain = open("f", O_RDONLY);
	GIVES(pread(plain, &byte, 1, 0), "a read");
	fstat(fd, &before);
	say("sets the time of access: %d", before.st_atime > 1000000000);
	GIVES(pread(plain, &byte, 1, 0), "another read");
	fstat(fd, &after);
	say("leaves it: %d", !memcmp(&before.st_atim, &after.st_atim, sizeof before.st_atim));
	GIVES(write(fd, "x", 1), "write");
	fstat(fd, &after);
	say("leaves it: %d", before.st_atime == after.st_atime);
	close(fd);
	close(plain);
}

static void in_folder(const char *folder)
{
	say("-- in %s", folder[0] == '.' ? "a disk's folder" : "a tmpfs");
	if (chdir(folder) != 0 || mkdir("times", 0755) != 0 || chdir("times") != 0)
		return;
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	symlink("f", "link");
	set("f", -86400, 5, -1, 999999999);
	set("f", 1, 1000000000, 1, 1);
	set("f", 1, -1, 1, 1);
	set64("f", 1ll << 31, (1ll << 32) + 5);
	set64("f", -(1ll << 31), -(1ll << 31) + 1);
	set64("f", 4102444800, 4102444800);
	now_and_omit();
	odd_calls(fd);
	struct timespec times[2] = {{100, 1}, {200, 2}};
	GIVES(utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW), "of the link");
	show("link");
	show("f");
	old_calls(fd);
	rights();
	reading();
	unlink("f");
	unlink("link");
	chdir("..");
	GIVES(rmdir("times"), "gone");
}

int main(void)
{
	in_folder(".");
	in_folder("/dev/shm");
	return 0;
}
