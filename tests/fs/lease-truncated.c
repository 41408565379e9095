/* SPDX-License-Identifier: MIT */
/*
 * Who opens a file with O_RDONLY | O_TRUNC changes its content: as long as he waits for one lease to
 * be given up nobody takes another, of which he would cut the content off unasked.
 *
 * pagoda-only: Linux grants it, and cuts.
 * guest: pagoda-only
 */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

static void open_truncating(void)
{
	int fd = open("data", O_RDONLY | O_TRUNC);

	CHECK(fd >= 0, "opened, error %d", errno);
	_exit(0);
}

static void in_between(int type)
{
	int fd = file_make("data", 2, 7), asked;
	sigset_t told;
	struct stat state;

	sigemptyset(&told);
	sigaddset(&told, SIGIO);
	sigprocmask(SIG_BLOCK, &told, NULL);
	close(fd);
	fd = open("data", O_RDONLY);
	CHECK(fcntl(fd, F_SETLEASE, type) == 0, "a lease, error %d", errno);
	pid_t child = fork_checked();
	if (child == 0) {
		close(fd);
		open_truncating();
	}
	CHECK(sigwait(&told, &asked) == 0 && asked == SIGIO, "it is asked back");
	CHECK(fcntl(fd, F_SETLEASE, F_UNLCK) == 0, "given up");
	CHECK_ERRNO(fcntl(fd, F_SETLEASE, F_RDLCK), EAGAIN);
	wait_success(child);
	CHECK(fstat(fd, &state) == 0 && state.st_size == 0, "cut");
	CHECK(fcntl(fd, F_SETLEASE, F_WRLCK) == 0, "afterwards it can be taken, error %d", errno);
	close(fd);
}

int main(void)
{
	in_between(F_RDLCK);
	in_between(F_WRLCK);
	say("no lease came between");
	return 0;
}
