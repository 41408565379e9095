/* SPDX-License-Identifier: MIT */
/*
 * Record locks keep others out: processes that each read a number from a file, add one and write
 * it back lose none as long as each holds the lock meanwhile; /proc/locks tells who has one and who
 * waits for it.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>

#define CHILDREN 6
#define ROUNDS 40

static int lock(int fd, int command, short type)
{
	struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = 100, .l_len = 50};

	return fcntl(fd, command, &range);
}

static void count_up(void)
{
	int fd = open("number", O_RDWR), number;

	for (int i = 0; i < ROUNDS; i++) {
		CHECK(lock(fd, F_SETLKW, F_WRLCK) == 0, "the lock");
		CHECK(pread(fd, &number, sizeof number, 0) == sizeof number, "read");
		sched_yield();
		number++;
		CHECK(pwrite(fd, &number, sizeof number, 0) == sizeof number, "write");
		CHECK(lock(fd, F_SETLK, F_UNLCK) == 0, "let go");
	}
	_exit(0);
}

/* How many lines of /proc/locks have both of these words. */
static int lines_with(const char *kind, const char *range)
{
	static char text[65536]; /* others may have some, too */
	int fd = open("/proc/locks", O_RDONLY), count = 0;
	ssize_t n = read(fd, text, sizeof text - 1);

	CHECK(n >= 0, "/proc/locks can be read");
	text[n] = '\0';
	close(fd);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		count += strstr(line, kind) && strstr(line, range);
	return count;
}

int main(void)
{
	int fd = open("number", O_RDWR | O_CREAT, 0644), number = 0, status;

	CHECK(write(fd, &number, sizeof number) == sizeof number, "a number");
	CHECK(lock(fd, F_SETLK, F_WRLCK) == 0, "all wait for this one");
	for (int i = 0; i < CHILDREN; i++)
		if (fork() == 0)
			count_up();
	while (lines_with("-> POSIX  ADVISORY  WRITE", " 100 149") < CHILDREN)
		usleep(10000);
	CHECK(lines_with("-> POSIX", " 100 149") == CHILDREN &&
	      lines_with("POSIX", " 100 149") == CHILDREN + 1, "one has it, and the others wait for it");
	CHECK(lock(fd, F_SETLK, F_UNLCK) == 0, "now they may");
	for (int i = 0; i < CHILDREN; i++)
		CHECK(wait(&status) > 0 && status == 0, "a child is done");
	CHECK(pread(fd, &number, sizeof number, 0) == sizeof number, "read");
	CHECK(number == CHILDREN * ROUNDS, "each counted");
	CHECK(lines_with("POSIX", " 100 149") == 0, "nobody has a lock");
	say("%d processes counted to %d together", CHILDREN, number);
	return 0;
}
