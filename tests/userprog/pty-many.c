/* SPDX-License-Identifier: MIT */
/*
 * guest: pagoda-only mem=24
 *
 * Pseudo-terminals come and go in several processes at a time, with either side closed first, with
 * bytes under way and with names looked up meanwhile; in the end /dev/pts is empty. How many one
 * user can have is bounded.
 */
#include "tests/test.h"

#include <asm/ioctls.h>
#include <dirent.h>
#include <sys/ioctl.h>

#define WORKERS 4
#define STEPS 200
#define NOBODY 1234

/* The master; the name of the other side. -1: there is none to be had. */
static int open_master(char *name, size_t size)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), zero = 0;
	uint32_t number = 0;

	if (master < 0)
		return -1;
	CHECK(ioctl(master, TIOCSPTLCK, &zero) == 0 && ioctl(master, TIOCGPTN, &number) == 0,
	      "unlocked, and a number");
	snprintf(name, size, "/dev/pts/%u", number);
	return master;
}

static int names(void)
{
	DIR *folder = opendir("/dev/pts");
	int count = 0;

	CHECK(folder, "a directory of names");
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2;
}

static void both_ways(int master, int slave)
{
	char bytes[8];

	CHECK(write(master, "ab\n", 3) == 3, "written at the master");
	CHECK(read(slave, bytes, sizeof bytes) == 3 && !memcmp(bytes, "ab\n", 3), "read");
	CHECK(read(master, bytes, sizeof bytes) == 4 && !memcmp(bytes, "ab\r\n", 4), "its echo");
	CHECK(write(slave, "x", 1) == 1, "written, and not read");
}

static void work(uint32_t seed)
{
	char name[32], byte;

	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t choice = pattern(seed, step);
		int master = open_master(name, sizeof name);
		CHECK(master >= 0, "a master");
		int slave = open(name, O_RDWR | O_NOCTTY);
		CHECK(slave >= 0, "the other side");
		both_ways(master, slave);
		if (choice & 1)
			CHECK(names() >= 1, "its name is among them");
		if (choice & 2) {
			close(master);
			CHECK(read(slave, &byte, 1) == 0, "hung up");
			CHECK_ERRNO(write(slave, "x", 1), EIO);
			close(slave);
		} else {
			close(slave);
			CHECK(read(master, &byte, 1) == 1 && byte == 'x', "what was left");
			CHECK_ERRNO(read(master, &byte, 1), EIO);
			close(master);
		}
	}
	_exit(0);
}

static void as_many_as_possible(void)
{
	char name[32];
	int count = 0;

	CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0, "another user");
	while (open_master(name, sizeof name) >= 0)
		count++;
	CHECK(errno == ENOSPC && count > 20 && count < 300, "%d, and no more", count);
	_exit(0);
}

static void ends_well(pid_t child)
{
	int status = wait_status(child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child ends well");
}

int main(void)
{
	pid_t workers[WORKERS];

	for (uint32_t i = 0; i < WORKERS; i++) {
		workers[i] = fork_checked();
		if (!workers[i])
			work(i);
	}
	for (uint32_t i = 0; i < WORKERS; i++)
		ends_well(workers[i]);
	CHECK(names() == 0, "no name is left");
	for (int i = 0; i < 2; i++) {
		pid_t child = fork_checked();
		if (!child)
			as_many_as_possible();
		ends_well(child);
	}
	CHECK(names() == 0, "nor after a crowd");
	say("pseudo-terminals came and went");
	return 0;
}
