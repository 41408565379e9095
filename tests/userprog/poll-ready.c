/* SPDX-License-Identifier: MIT */
/*
 * poll(2) tells which descriptors are ready: a pipe with bytes, one with room, one whose other end
 * is closed; it waits for the first, or until the time is over.
 */
#include "tests/test.h"

#include <poll.h>

int main(void)
{
	struct pollfd poll_for[4];
	int a[2], b[2], status;
	char byte;
	pid_t child;

	CHECK(pipe(a) == 0 && pipe(b) == 0, "two pipes");
	poll_for[0] = (struct pollfd){.fd = a[0], .events = POLLIN};
	poll_for[1] = (struct pollfd){.fd = b[0], .events = POLLIN};
	CHECK(poll(poll_for, 2, 0) == 0, "nothing is ready");
	CHECK(poll(poll_for, 2, 30) == 0, "nor in 30 ms");
	CHECK(write(b[1], "x", 1) == 1, "a byte");
	CHECK(poll(poll_for, 2, -1) == 1, "one is ready");
	CHECK(poll_for[0].revents == 0 && poll_for[1].revents == POLLIN, "the second");
	poll_for[2] = (struct pollfd){.fd = a[1], .events = POLLOUT};
	poll_for[3] = (struct pollfd){.fd = 99, .events = POLLIN};
	CHECK(poll(poll_for, 4, -1) == 3, "three have something to tell");
	CHECK(poll_for[2].revents == POLLOUT && poll_for[3].revents == POLLNVAL,
	      "room, and no file");
	poll_for[3].fd = -1;
	CHECK(poll(poll_for, 4, -1) == 2 && poll_for[3].revents == 0, "-1 is passed over");

	CHECK(read(b[0], &byte, 1) == 1, "take the byte");
	child = fork_checked();
	if (!child) {
		usleep(20000);
		_exit(write(a[1], "y", 1) != 1);
	}
	CHECK(poll(poll_for, 2, -1) == 1 && poll_for[0].revents == POLLIN, "woken by a writer");
	status = wait_status(child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "who is done");
	CHECK(close(b[1]) == 0, "close the writing end");
	CHECK(poll(poll_for + 1, 1, -1) == 1 && poll_for[1].revents & POLLHUP, "it hangs up");
	close(a[0]);
	CHECK(poll(poll_for + 2, 1, -1) == 1 && poll_for[2].revents & POLLERR, "nobody reads");
	say("poll told what was ready");
	return 0;
}
