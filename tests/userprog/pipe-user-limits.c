/* SPDX-License-Identifier: MIT */
/*
 * pipe(7): /proc/sys/fs/pipe-user-pages-soft and -hard, both set, for a user and for who has the right.
 *
 * pagoda-only: it sets the machine's limits.
 * guest: pagoda-only
 */
#include "tests/test.h"

#define SOFT "/proc/sys/fs/pipe-user-pages-soft"
#define HARD "/proc/sys/fs/pipe-user-pages-hard"

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s gets %s", path, text);
	close(fd);
}

static int pages_of(int fd)
{
	return fcntl(fd, 1032 /* F_GETPIPE_SZ */) / (int)PAGE;
}

static int resize(int fd, int pages)
{
	return fcntl(fd, 1031 /* F_SETPIPE_SZ */, pages * (int)PAGE);
}

static void as_user(void)
{
	int a[2], b[2], c[2], d[2];
	CHECK(setuid(4567) == 0, "another user");
	CHECK(pipe(a) == 0 && pages_of(a[0]) == 16, "16 of 40");
	CHECK(pipe(b) == 0 && pages_of(b[0]) == 16, "32 of 40");
	CHECK(pipe(c) == 0 && pages_of(c[0]) == 2, "beyond the soft limit a pipe has two pages");
	CHECK(resize(c[0], 4) == 4 * (int)PAGE, "36 of 40");
	CHECK(resize(c[0], 16) == -1 && errno == EPERM, "not beyond");
	CHECK(pipe(d) == 0 && pages_of(d[0]) == 2, "38 of 40");
	CHECK(resize(a[0], 1) > 0 && resize(c[0], 16) > 0, "what one gave back another has");
	int more[2], count = 0;
	while (pipe(more) == 0)
		count++;
	CHECK(errno == ENFILE && count == 4, "at the hard limit there are no more: %d, %d", count, errno);
	CHECK(pages_of(more[0]) == 2, "of two pages each");
	close(b[0]);
	close(b[1]);
	CHECK(pipe(b) == 0, "until one is closed");
}

int main(void)
{
	char soft[32];
	int fd = open(SOFT, O_RDONLY);
	ssize_t n = read(fd, soft, sizeof soft - 1);
	CHECK(n > 0, "the limit is told");
	soft[n] = '\0';
	put(SOFT, "40\n");
	put(HARD, "44\n");
	for (int round = 0; round < 2; round++) {
		pid_t child = fork();
		if (child == 0) {
			as_user();
			_exit(0);
		}
		int status;
		waitpid(child, &status, 0);
		CHECK(status == 0, "the same in each round: all was given back");
	}
	int ends[2];
	for (int i = 0; i < 5; i++)
		CHECK(pipe(ends) == 0 && pages_of(ends[0]) == 16, "for root there is no limit");
	put(SOFT, soft);
	put(HARD, "0\n");
	say("pipes are counted");
	return 0;
}
