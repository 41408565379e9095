/* SPDX-License-Identifier: MIT */
/*
 * More than 1,024 descriptors, once RLIMIT_NOFILE allows them: dup2(2), F_DUPFD and open take the
 * lowest free number that they may; select, poll, /proc/self/fd, fork, exec and close_range know
 * them all; and the limit is still one.
 *
 * guest: mem=32
 */
#include "tests/test.h"

#include <dirent.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/syscall.h>

#define MOST 15000
#define HIGH 14999
#define WORDS ((MOST + 31) / 32)

static const char *myself;

static void raise_limit(void)
{
	struct rlimit limit;

	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit");
	CHECK(limit.rlim_cur >= 1024 && limit.rlim_max >= MOST, "from %u to %u may be had",
	      (uint32_t)limit.rlim_cur, (uint32_t)limit.rlim_max);
	limit.rlim_cur = MOST;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0, "%d descriptors", MOST);
}

static void check_places(int end)
{
	CHECK(dup2(end, HIGH) == HIGH, "the highest number");
	CHECK_ERRNO(dup2(end, MOST), EBADF);
	CHECK(fcntl(end, F_DUPFD, 5000) == 5000 && fcntl(end, F_DUPFD, 5000) == 5001,
	      "from a number on");
	CHECK_ERRNO(fcntl(end, F_DUPFD, MOST), EINVAL);
	CHECK_ERRNO(fcntl(end, F_DUPFD, HIGH), EMFILE);
	CHECK(close(5000) == 0 && fcntl(end, F_DUPFD, 4990) == 4990, "closed, and lower");
	CHECK(fcntl(5001, F_SETFD, FD_CLOEXEC) == 0 && fcntl(5001, F_GETFD) == FD_CLOEXEC &&
	      fcntl(HIGH, F_GETFD) == 0, "each has its own flag");
	CHECK_ERRNO(close(6000), EBADF);
	CHECK_ERRNO(close(1000000000), EBADF);
	CHECK_ERRNO(fcntl(7777, F_GETFD), EBADF);
}

static bool is_listed(const char *name)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	bool found = false;

	CHECK(directory, "/proc/self/fd");
	while ((entry = readdir(directory)))
		found |= strcmp(entry->d_name, name) == 0;
	closedir(directory);
	return found;
}

static int select_words(uint32_t *read)
{
	struct timeval none = {0, 0};

	return (int)syscall(SYS__newselect, MOST, read, NULL, NULL, &none);
}

static void check_waiting(int write_end)
{
	static uint32_t words[WORDS];
	static struct pollfd fds[MOST];

	words[HIGH / 32] = 1u << HIGH % 32;
	CHECK(select_words(words) == 0 && !words[HIGH / 32], "nothing to read yet");
	CHECK(write(write_end, "x", 1) == 1, "written");
	words[HIGH / 32] = 1u << HIGH % 32;
	words[5001 / 32] = 1u << 5001 % 32;
	CHECK(select_words(words) == 2 && words[HIGH / 32] == 1u << HIGH % 32, "both can be read");
	words[6000 / 32] = 1u << 6000 % 32;
	CHECK_ERRNO(select_words(words), EBADF);
	for (int i = 0; i < MOST; i++)
		fds[i] = (struct pollfd){.fd = i, .events = POLLIN};
	CHECK(poll(fds, MOST, 0) > MOST - 100, "nearly all are closed");
	CHECK(fds[HIGH].revents == POLLIN && fds[5001].revents == POLLIN &&
	      fds[6000].revents == POLLNVAL, "and three of them");
	CHECK(poll(&fds[HIGH], 1, -1) == 1, "waited for");
	CHECK_ERRNO(poll(fds, MOST + 1, 0), EINVAL);
}

/* The other program, which finds what has no flag. */
static int look(void)
{
	char byte;

	CHECK(fcntl(HIGH, F_GETFD) == 0, "still open after exec");
	CHECK_ERRNO(fcntl(5001, F_GETFD), EBADF);
	CHECK(read(HIGH, &byte, 1) == 1 && byte == 'x', "and it reads");
	return 0;
}

static void run_again(void *unused)
{
	(void)unused;
	CHECK(fcntl(4990, F_GETFD) == 0, "forked");
	execl(myself, myself, "look", NULL);
	CHECK(false, "exec");
}

static void fill(void *unused)
{
	int last = 0, number;

	(void)unused;
	CHECK(syscall(SYS_close_range, 3, ~0u, 0) == 0, "all are closed");
	CHECK_ERRNO(fcntl(HIGH, F_GETFD), EBADF);
	while ((number = dup(0)) >= 0)
		last = number;
	CHECK(errno == EMFILE && last == HIGH, "the last was %d", last);
	CHECK(close(3000) == 0 && close(1500) == 0 && dup(0) == 1500 && dup(0) == 3000,
	      "the lowest that is free");
	CHECK(syscall(SYS_close_range, 2000, 14000, 0) == 0 && dup(0) == 2000 &&
	      fcntl(14001, F_GETFD) == 0, "a range");
}

int main(int count, char *arguments[])
{
	int ends[2];

	if (count > 1)
		return look();
	myself = arguments[0];
	raise_limit();
	CHECK(pipe(ends) == 0, "a pipe");
	check_places(ends[0]);
	CHECK(is_listed("14999") && is_listed("4990") && !is_listed("5000"), "in /proc");
	check_waiting(ends[1]);
	in_child(fill, NULL);
	in_child(run_again, NULL);
	say("%d descriptors", MOST);
	return 0;
}
