/* SPDX-License-Identifier: MIT */
/*
 * guest: pagoda-only
 *
 * The group in a terminal's foreground has ended, and its number has become that of a group in
 * another session. What the terminal tells its foreground, ^C, a change of its size and that its
 * session has ended, must not reach those. (pagoda-only: few process numbers make it happen soon.)
 */
#include "tests/test.h"

#include <asm/ioctls.h>
#include <asm/termios.h>
#include <sys/ioctl.h>

static int master, done[2];
static volatile sig_atomic_t heard;

static void handler(int number)
{
	heard = number;
}

/* The session's leader: a child in a group of its own gets the foreground, and ends. Its number goes
 * into the pipe; the leader stays until it is told to end. */
static void leader(const char *name, int told, int wait_for)
{
	char byte;

	CHECK(setsid() > 0, "a session");
	int slave = open(name, O_RDWR);
	CHECK(slave >= 0 && ioctl(slave, TIOCSCTTY, 0) == 0, "its terminal");
	pid_t group = fork_checked();
	if (!group) {
		pause();
		_exit(0);
	}
	CHECK(setpgid(group, group) == 0, "a group");
	CHECK(ioctl(slave, TIOCSPGRP, &group) == 0, "it has the foreground");
	kill(group, SIGKILL);
	CHECK(waitpid(group, NULL, 0) == group, "it ends");
	CHECK(write(told, &group, sizeof group) == sizeof group, "told");
	CHECK(read(wait_for, &byte, 1) == 1, "it is told to end");
	_exit(0);
}

static void limit_numbers(const char *text)
{
	int fd = open("/proc/sys/kernel/pid_max", O_WRONLY);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "few numbers");
	close(fd);
}

/* What a stranger does whose group has the number of the one that ended. */
static void stranger(void)
{
	struct winsize size = {30, 90, 0, 0};

	for (int number = 1; number < 32; number++)
		if (number != SIGKILL && number != SIGSTOP)
			signal(number, handler);
	CHECK(setpgid(0, 0) == 0, "the group has this number again");
	CHECK(write(master, "\003", 1) == 1 && !heard, "^C is not for it: %d", heard);
	CHECK(ioctl(master, TIOCSWINSZ, &size) == 0 && !heard, "nor a size: %d", heard);
	CHECK(write(done[1], "d", 1) == 1, "the leader may end");
	for (int i = 0; i < 20; i++)
		usleep(5000);
	CHECK(!heard, "nor that the session has ended: %d", heard);
	_exit(0);
}

/* A child with this number, at last. */
static void become_stranger(pid_t wanted)
{
	for (int i = 0; i < 2000; i++) {
		pid_t child = fork_checked();
		if (!child && getpid() == wanted)
			stranger();
		if (!child)
			_exit(0);
		wait_success(child);
		if (child == wanted)
			return;
	}
	CHECK(false, "the number comes again");
}

int main(void)
{
	int told[2], zero = 0;
	char name[32];
	uint32_t number;
	pid_t group;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	CHECK(master >= 0 && ioctl(master, TIOCSPTLCK, &zero) == 0 &&
	      ioctl(master, TIOCGPTN, &number) == 0, "a pseudo-terminal");
	snprintf(name, sizeof name, "/dev/pts/%u", number);
	CHECK(pipe(told) == 0 && pipe(done) == 0, "pipes");
	pid_t first = fork_checked();
	if (!first)
		leader(name, told[1], done[0]);
	CHECK(read(told[0], &group, sizeof group) == sizeof group, "the group that ended");
	limit_numbers("400");
	become_stranger(group);
	wait_success(first);
	return 0;
}
