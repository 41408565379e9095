/* SPDX-License-Identifier: MIT */
/*
 * The files of /proc are regular files by their type, but have no pages: they cannot be mapped,
 * swapped to or cut off, and asking does no harm.
 *
 * pagoda-only: it would swap.
 * guest: pagoda-only
 */
#include "tests/test.h"

int main(void)
{
	int fd = open("/proc/version", O_RDONLY);

	CHECK(fd >= 0, "/proc/version can be opened");
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), EIO);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0), EIO);
	CHECK_ERRNO(syscall(__NR_swapon, "/proc/version", 0), EINVAL);
	CHECK_ERRNO(truncate("/proc/version", 0), EINVAL);
	CHECK_ERRNO(truncate("/proc/version", 10000), EINVAL);
	CHECK_ERRNO(syscall(__NR_execve, "/proc/version", NULL, NULL), EACCES);
	CHECK(fsync(fd) == 0 || errno == EINVAL, "fsync");
	say("mmap, swapon, truncate and execve refuse a file of /proc");
	return 0;
}
