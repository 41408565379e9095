/* SPDX-License-Identifier: MIT */
/*
 * Times of files: writing sets the time of change, utimensat(2) sets what it is told, also before
 * 1970 and to the nanosecond, and both are there when the file is opened again, and on the disk.
 *
 * guest: writes host=timestamps
 */
#include "tests/test.h"

#include <time.h>

static void check_old(const char *path)
{
	struct timespec times[2] = {{-86400, 123456789}, {-1, 999999999}};
	struct stat status;

	CHECK(file_make(path, 1, 1) >= 0, "a file");
	CHECK(utimensat(AT_FDCWD, path, times, 0) == 0 && stat(path, &status) == 0, "before 1970");
	CHECK(status.st_atim.tv_sec == -86400 && status.st_atim.tv_nsec == 123456789, "a day");
	CHECK(status.st_mtim.tv_sec == -1 && status.st_mtim.tv_nsec == 999999999, "a nanosecond");
	times[0].tv_nsec = 1000000000;
	CHECK_ERRNO(utimensat(AT_FDCWD, path, times, 0), EINVAL);
	times[0].tv_nsec = -1;
	CHECK_ERRNO(utimensat(AT_FDCWD, path, times, 0), EINVAL);
}

int main(void)
{
	struct timespec times[2] = {{1000000000, 0}, {1100000000, 0}};
	time_t start = time(NULL);
	struct stat status, directory;
	int fd;

	CHECK(utimensat(AT_FDCWD, ".", times, 0) == 0, "an old directory");
	fd = file_make("data", 1, 1);
	CHECK(fstat(fd, &status) == 0, "stat");
	CHECK(status.st_mtime >= start - 1 && status.st_mtime <= time(NULL) + 1, "written now");
	CHECK(status.st_ctime >= start - 1, "changed now");
	CHECK(stat(".", &directory) == 0 && directory.st_mtime >= start - 1, "the directory too");
	CHECK(utimensat(AT_FDCWD, "data", times, 0) == 0 && stat("data", &status) == 0, "set both");
	CHECK(status.st_atime == 1000000000 && status.st_mtime == 1100000000, "they are set");
	CHECK(status.st_ctime >= start - 1, "which is a change of now");
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_sec = 1200000000;
	CHECK(futimens(fd, times) == 0 && stat("data", &status) == 0, "set one");
	CHECK(status.st_atime == 1000000000 && status.st_mtime == 1200000000, "only that");
	CHECK(write(fd, "x", 1) == 1 && stat("data", &status) == 0, "write again");
	CHECK(status.st_mtime >= start - 1, "which is now");
	CHECK(utimensat(AT_FDCWD, "data", NULL, 0) == 0 && stat("data", &status) == 0 &&
	      status.st_atime >= start - 1, "no times: now");
	CHECK_ERRNO(utimensat(AT_FDCWD, "missing", times, 0), ENOENT);
	check_old("old");
	check_old("/tmp/old");
	CHECK(unlink("/tmp/old") == 0, "an old file can be removed");
	say("times were set and kept");
	return 0;
}
