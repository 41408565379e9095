/* SPDX-License-Identifier: MIT */
/*
 * Files are created, written, read back and written over in the middle, at offsets of all kinds.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	static char expected[40000], got[40000];
	uint32_t random = 4;
	int fd = open("data", O_RDWR | O_CREAT | O_EXCL, 0644);

	CHECK(fd >= 0, "create");
	CHECK(read(fd, got, 10) == 0, "it is empty");
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t at = next_random(&random) % 39000, n = next_random(&random) % 1000 + 1;

		for (uint32_t j = 0; j < n; j++)
			expected[at + j] = i + j;
		CHECK(lseek(fd, at, SEEK_SET) == (off_t)at, "seek to %u", at);
		CHECK(write(fd, expected + at, n) == (ssize_t)n, "write %u bytes at %u", n, at);
		if (i % 50 == 49) {
			off_t size = lseek(fd, 0, SEEK_END);

			CHECK(pread(fd, got, sizeof(got), 0) == size, "read all %d bytes",
			      (int)size);
			CHECK(memcmp(got, expected, size) == 0, "after %u writes", i + 1);
		}
	}
	CHECK(close(fd) == 0, "close");
	fd = open("data", O_RDONLY);
	CHECK(fd >= 0 && read(fd, got, 100) == 100 && memcmp(got, expected, 100) == 0,
	      "opened again");
	CHECK_ERRNO(write(fd, "x", 1), EBADF);
	fd = open("data", O_WRONLY);
	CHECK_ERRNO(read(fd, got, 1), EBADF);
	say("300 writes at random places");
	return 0;
}
