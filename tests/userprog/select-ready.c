/* SPDX-License-Identifier: MIT */
/*
 * select(2) tells the same as poll(2), by sets of bits.
 */
#include "tests/test.h"

#include <sys/select.h>

int main(void)
{
	struct timeval none = {0, 0}, short_time = {0, 20000};
	fd_set reading, writing;
	int a[2], b[2], most, closed;

	CHECK(pipe(a) == 0 && pipe(b) == 0, "two pipes");
	closed = dup(b[1]);
	CHECK(closed >= 0 && close(closed) == 0, "a closed descriptor");
	most = closed + 1; /* above the pipes', which came before it */
	FD_ZERO(&reading);
	FD_ZERO(&writing);
	FD_SET(a[0], &reading);
	FD_SET(b[0], &reading);
	CHECK(select(most, &reading, NULL, NULL, &short_time) == 0, "nothing to read");
	CHECK(!FD_ISSET(a[0], &reading) && !FD_ISSET(b[0], &reading), "no bit");
	CHECK(write(b[1], "x", 1) == 1, "a byte");
	FD_SET(a[0], &reading);
	FD_SET(b[0], &reading);
	FD_SET(a[1], &writing);
	CHECK(select(most, &reading, &writing, NULL, &none) == 2, "two are ready");
	CHECK(!FD_ISSET(a[0], &reading) && FD_ISSET(b[0], &reading) && FD_ISSET(a[1], &writing),
	      "the right ones");
	CHECK(select(most, &reading, NULL, NULL, NULL) == 1, "without limit of time");
	/* One beyond the process's table is not looked at on Linux: select(2), BUGS. */
	FD_SET(closed, &reading);
	CHECK_ERRNO(select(most, &reading, NULL, NULL, &none), EBADF);
	say("select told what was ready");
	return 0;
}
