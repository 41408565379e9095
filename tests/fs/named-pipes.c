/* SPDX-License-Identifier: MIT */
/*
 * mkfifo(3) makes a pipe with a name: opening waits for the other side, and bytes go through.
 */
#include "tests/test.h"

int main(void)
{
	struct stat status;
	char bytes[10];
	pid_t child;
	int fd;

	CHECK(mkfifo("fifo", 0644) == 0, "mkfifo");
	CHECK(stat("fifo", &status) == 0 && S_ISFIFO(status.st_mode), "it is a pipe");
	CHECK_ERRNO(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	child = fork_checked();
	if (!child) {
		fd = open("fifo", O_WRONLY);
		_exit(fd < 0 || write(fd, "through", 7) != 7);
	}
	fd = open("fifo", O_RDONLY);
	CHECK(fd >= 0 && read(fd, bytes, 7) == 7 && memcmp(bytes, "through", 7) == 0,
	      "seven bytes");
	CHECK(read(fd, bytes, 1) == 0, "then the end");
	wait_success(child);
	CHECK(close(fd) == 0 && unlink("fifo") == 0, "remove it");
	say("a pipe with a name");
	return 0;
}
