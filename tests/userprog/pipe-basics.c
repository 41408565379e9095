/* SPDX-License-Identifier: MIT */
/*
 * A pipe gives out what was put in, in order; its end is end of file when all writers have closed,
 * and EPIPE with SIGPIPE when all readers have.
 */
#include "tests/test.h"

int main(void)
{
	int ends[2];
	char bytes[20];
	pid_t child;
	int status;

	CHECK(pipe(ends) == 0, "a pipe");
	CHECK(write(ends[1], "hello", 5) == 5 && write(ends[1], " world", 6) == 6, "two writes");
	CHECK(read(ends[0], bytes, 3) == 3 && memcmp(bytes, "hel", 3) == 0, "three bytes");
	CHECK(read(ends[0], bytes, 20) == 8 && memcmp(bytes, "lo world", 8) == 0, "the rest");
	CHECK_ERRNO(read(ends[1], bytes, 1), EBADF);
	CHECK_ERRNO(write(ends[0], bytes, 1), EBADF);
	CHECK_ERRNO(lseek(ends[0], 0, SEEK_SET), ESPIPE);
	CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0, "do not wait");
	CHECK_ERRNO(read(ends[0], bytes, 1), EAGAIN);
	CHECK(write(ends[1], "!", 1) == 1 && close(ends[1]) == 0, "a last byte, then the end");
	CHECK(read(ends[0], bytes, 20) == 1 && bytes[0] == '!', "the last byte");
	CHECK(read(ends[0], bytes, 20) == 0, "end of file");
	CHECK(read(ends[0], bytes, 20) == 0, "and again");
	close(ends[0]);

	CHECK(pipe(ends) == 0 && close(ends[0]) == 0, "a pipe without reader");
	child = fork_checked();
	if (!child)
		_exit(write(ends[1], "x", 1) + 50);
	status = wait_status(child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "SIGPIPE, not %#x", status);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(ends[1], "x", 1), EPIPE);
	say("hello world!");
	return 0;
}
