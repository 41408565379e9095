/* SPDX-License-Identifier: MIT */
/*
 * pread(2) and pwrite(2) leave the position alone; readv(2) and writev(2) gather and scatter;
 * lseek(2) counts from start, position and end, as far as numbers go.
 */
#include "tests/test.h"

#include <sys/uio.h>

static int64_t seek64(int fd, int64_t offset, int whence)
{
	int64_t result;

	return syscall(__NR__llseek, fd, (uint32_t)(offset >> 32), (uint32_t)offset, &result,
	               whence) ? -1 : result;
}

/* Positions that cannot be counted any more. */
static void at_the_end_of_numbers(int fd)
{
	int zero = open("/dev/zero", O_RDWR);
	char byte;

	CHECK(seek64(fd, 1, SEEK_SET) == 1, "seek");
	CHECK_ERRNO(seek64(fd, INT64_MAX, SEEK_CUR), EINVAL);
	CHECK_ERRNO(seek64(fd, INT64_MAX, SEEK_END), EINVAL);
	CHECK(seek64(fd, 0, SEEK_CUR) == 1, "the position is where it was");
	CHECK_ERRNO(syscall(__NR_pread64, zero, &byte, 1, UINT32_MAX, INT32_MAX), EINVAL);
	CHECK_ERRNO(syscall(__NR_pwrite64, fd, "x", 1, UINT32_MAX, INT32_MAX), EINVAL);
	close(zero);
}

int main(void)
{
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char a[] = "AAAA", b[] = "BBBBBBB", c[] = "C", bytes[40];
	struct iovec out[4] = {{a, 4}, {NULL, 0}, {b, 7}, {c, 1}};
	struct iovec in[3] = {{bytes, 2}, {bytes + 10, 5}, {bytes + 20, 20}};

	CHECK(writev(fd, out, 4) == 12 && lseek(fd, 0, SEEK_CUR) == 12, "four pieces, one empty");
	CHECK(pwrite(fd, "xy", 2, 3) == 2 && lseek(fd, 0, SEEK_CUR) == 12, "pwrite");
	CHECK(pread(fd, bytes, 40, 2) == 10 && memcmp(bytes, "AxyBBBBBBC", 10) == 0, "pread");
	CHECK(lseek(fd, 0, SEEK_CUR) == 12, "the position is where it was");
	CHECK(lseek(fd, -12, SEEK_CUR) == 0 && readv(fd, in, 3) == 12, "readv");
	CHECK(memcmp(bytes, "AA", 2) == 0 && memcmp(bytes + 10, "AxyBB", 5) == 0 &&
	      memcmp(bytes + 20, "BBBBC", 5) == 0, "three pieces");
	CHECK(lseek(fd, -2, SEEK_END) == 10 && read(fd, bytes, 40) == 2, "from the end");
	CHECK(lseek(fd, 100, SEEK_END) == 112 && read(fd, bytes, 1) == 0, "behind the end");
	CHECK(write(fd, "z", 1) == 1 && lseek(fd, 0, SEEK_END) == 113,
	      "writing there makes a hole");
	CHECK(pread(fd, bytes, 40, 12) == 40 && all_bytes_are(bytes, 40, 0), "of zeros");
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERRNO(lseek(fd, 0, 99), EINVAL);
	CHECK_ERRNO(pread(fd, bytes, 1, -1), EINVAL);
	CHECK(read(fd, bytes, 0) == 0 && write(fd, bytes, 0) == 0, "nothing is nothing");
	at_the_end_of_numbers(fd);
	say("pieces and positions");
	return 0;
}
