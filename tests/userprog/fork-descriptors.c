/* SPDX-License-Identifier: MIT */
/*
 * After fork(2) both processes share open files, position included; closing in one does not close
 * in the other.
 */
#include "tests/test.h"

static int fd;

static void child(void *unused)
{
	char bytes[4];

	(void)unused;
	CHECK(read(fd, bytes, 4) == 4 && memcmp(bytes, "4567", 4) == 0,
	      "reads on where the parent was");
	CHECK(close(fd) == 0, "closes its own");
	CHECK_ERRNO(read(fd, bytes, 1), EBADF);
}

int main(void)
{
	char bytes[4];

	fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
	CHECK(write(fd, "0123456789abcdef", 16) == 16 && lseek(fd, 0, SEEK_SET) == 0, "a file");
	CHECK(read(fd, bytes, 4) == 4, "read four bytes");
	in_child(child, NULL);
	CHECK(read(fd, bytes, 4) == 4 && memcmp(bytes, "89ab", 4) == 0,
	      "reads on where the child was");
	say("one position for two processes");
	return 0;
}
