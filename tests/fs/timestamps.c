/* SPDX-License-Identifier: MIT */
/*
 * Times of files: writing sets the time of change, utimensat(2) sets what it is told, and both are
 * there when the file is opened again.
 *
 * guest: writes
 */
#include "tests/test.h"

#include <time.h>

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
	say("times were set and kept");
	return 0;
}
