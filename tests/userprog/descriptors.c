/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: the lowest free number is taken, dup2(2) puts a file at a given number and shares
 * its position, closing one leaves the others, and what is not open is EBADF.
 */
#include "tests/test.h"

int main(void)
{
	int a = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644), b, c;
	struct rlimit limit;
	char bytes[4];

	b = dup(a);
	CHECK(a == 3 && b == 4, "3 and 4, not %d and %d", a, b);
	CHECK(close(a) == 0, "close 3");
	c = open("/dev/null", O_RDONLY);
	CHECK(c == 3, "3 is free again and taken");
	CHECK(write(b, "abcdef", 6) == 6, "4 is still open");
	CHECK(dup2(b, 20) == 20 && dup2(b, c) == c, "dup2 to 20, and over 3");
	CHECK(lseek(20, 2, SEEK_SET) == 2 && read(c, bytes, 2) == 2 && memcmp(bytes, "cd", 2) == 0,
	      "they share one position");
	CHECK(dup2(b, b) == b, "dup2 to itself");
	CHECK(fcntl(b, F_DUPFD, 30) == 30, "the lowest number from 30 on");
	CHECK_ERRNO(dup2(b, -1), EBADF);
	CHECK_ERRNO(dup2(99, 5), EBADF);
	CHECK_ERRNO(close(99), EBADF);
	CHECK_ERRNO(read(-1, bytes, 1), EBADF);
	CHECK_ERRNO(fcntl(99, F_GETFL), EBADF);
	CHECK((fcntl(b, F_GETFL) & O_ACCMODE) == O_RDWR, "the mode");
	CHECK(fcntl(20, F_SETFL, O_APPEND) == 0 && fcntl(b, F_GETFL) & O_APPEND,
	      "flags are shared");
	CHECK(fcntl(20, F_SETFD, FD_CLOEXEC) == 0 && fcntl(b, F_GETFD) == 0,
	      "close-on-exec is not");
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit");
	limit.rlim_cur = 40;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0, "40 descriptors");
	while (dup(b) >= 0)
		;
	CHECK(errno == EMFILE, "then EMFILE");
	CHECK_ERRNO(open("data", O_RDONLY), EMFILE);
	CHECK_ERRNO(pipe((int[2]){0}), EMFILE);
	CHECK(close(39) == 0 && open("data", O_RDONLY) == 39, "one closed is one free");
	say("descriptors are numbers that behave");
	return 0;
}
