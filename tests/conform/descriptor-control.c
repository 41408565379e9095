/* SPDX-License-Identifier: MIT */
/* fcntl(2) but for locks, dup(2), dup2(2), dup3(2), close_range(2). */
#include "case.h"
#include <sched.h>

#define CLOSE_RANGE_UNSHARE 2
#define CLOSE_RANGE_CLOEXEC 4

static int close_range_raw(unsigned first, unsigned last, unsigned flags)
{
	return syscall(SYS_close_range, first, last, flags);
}

static void show_open(const char *what)
{
	printf("%s:", what);
	for (int fd = 3; fd < 70; fd++) {
		int flags = fcntl(fd, F_GETFD);
		if (flags >= 0)
			printf(" %d%s", fd, flags & FD_CLOEXEC ? "e" : "");
	}
	say("");
}

static void fill(int fd)
{
	for (int to = 10; to < 20; to++)
		dup2(fd, to);
}

static void ranges(int fd)
{
	static const struct { unsigned first, last, flags; } tries[] = {
		{12, 14, 0}, {14, 12, 0}, {15, 15, 0}, {10, 13, CLOSE_RANGE_CLOEXEC},
		{16, 17, CLOSE_RANGE_UNSHARE}, {18, 19, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC},
		{10, 11, 1}, {10, 11, 8}, {10, 11, ~0u}, {100, 200, 0}, {100, ~0u, 0}, {~0u, ~0u, 0},
		{0x80000000u, ~0u, CLOSE_RANGE_CLOEXEC}, {13, ~0u, CLOSE_RANGE_CLOEXEC}, {14, ~0u, 0},
	};

	for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		fill(fd);
		GIVES(close_range_raw(tries[i].first, tries[i].last, tries[i].flags), "%u to %u, %x",
		      tries[i].first, tries[i].last, tries[i].flags);
		show_open("open");
	}
}

/* A child that shares the table parts from it, and closes in its own. */
static void parted(int fd)
{
	fill(fd);
	pid_t child = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!child) {
		GIVES(close_range_raw(12, 14, 0), "in the table that both have");
		GIVES(close_range_raw(15, 17, CLOSE_RANGE_UNSHARE), "in one of one's own");
		show_open("the child has");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	show_open("the parent has");
}

static void duplicates(int fd)
{
	struct rlimit limit = {64, 1024};

	setrlimit(RLIMIT_NOFILE, &limit);
	close_range_raw(10, ~0u, 0);
	GIVES(fcntl(fd, F_DUPFD, 40), "F_DUPFD 40");
	GIVES(fcntl(fd, F_DUPFD, 40), "F_DUPFD 40");
	GIVES(fcntl(fd, F_DUPFD_CLOEXEC, 50), "F_DUPFD_CLOEXEC 50");
	GIVES(fcntl(fd, F_DUPFD, 63), "F_DUPFD 63");
	GIVES(fcntl(fd, F_DUPFD, 63), "F_DUPFD 63");
	GIVES(fcntl(fd, F_DUPFD, 64), "F_DUPFD 64");
	GIVES(fcntl(fd, F_DUPFD, -1), "F_DUPFD -1");
	GIVES(fcntl(99, F_DUPFD, 0), "F_DUPFD of nothing");
	GIVES(dup2(fd, 63), "dup2 to 63");
	GIVES(dup2(fd, 64), "dup2 to 64");
	GIVES(dup2(fd, -1), "dup2 to -1");
	GIVES(dup2(99, 5), "dup2 of nothing");
	GIVES(dup2(99, 99), "dup2 of nothing to itself");
	GIVES(dup2(fd, fd) - fd, "dup2 to itself");
	GIVES(dup3(fd, fd, 0), "dup3 to itself");
	GIVES(dup3(fd, 30, O_CLOEXEC), "dup3 with O_CLOEXEC");
	GIVES(dup3(fd, 31, O_NONBLOCK), "dup3 with another flag");
	GIVES(dup3(fd, 64, 0), "dup3 to 64");
	GIVES(dup3(99, 30, 0), "dup3 of nothing");
	show_open("open");
	GIVES(fcntl(30, F_SETFD, 0), "F_SETFD 0");
	GIVES(fcntl(30, F_GETFD), "F_GETFD");
	GIVES(fcntl(30, F_SETFD, ~0), "F_SETFD of all bits");
	GIVES(fcntl(30, F_GETFD), "F_GETFD");
	while (dup(fd) >= 0)
		;
	GIVES(dup(fd), "no more");
	int ends[2];
	GIVES(pipe(ends), "a pipe");
	GIVES(open("f", O_RDONLY), "open");
	limit.rlim_cur = 5;
	setrlimit(RLIMIT_NOFILE, &limit);
	GIVES(fcntl(63, F_GETFD), "above a new limit");
	GIVES(dup2(fd, 63), "dup2 above it");
	GIVES(close(63), "close above it");
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	close_range_raw(4, ~0u, 0);
}

static void status(void)
{
	int flags[] = {0, O_APPEND, O_NONBLOCK, O_APPEND | O_NONBLOCK, O_SYNC, O_WRONLY, O_CREAT,
	               O_TRUNC, ~0 & ~(O_DIRECT | O_ASYNC)};
	int fd = open("f", O_RDWR);
	int copy = dup(fd), other = open("f", O_RDONLY);

	for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		GIVES(fcntl(fd, F_SETFL, flags[i]), "F_SETFL %x", flags[i]);
		say("it %x, its copy %x, another %x", fcntl(fd, F_GETFL), fcntl(copy, F_GETFL),
		    fcntl(other, F_GETFL));
	}
	GIVES(fcntl(99, F_GETFL), "of nothing");
	GIVES(fcntl(fd, 7777), "an unknown command");
	GIVES(fcntl(99, 7777), "an unknown command of nothing");
	int place = open("f", O_PATH);
	GIVES(fcntl(place, F_GETFL) & O_PATH, "F_GETFL of a place");
	GIVES(fcntl(place, F_SETFL, 0), "F_SETFL of a place");
	GIVES(fcntl(place, F_GETFD), "F_GETFD of a place");
	GIVES(fcntl(place, F_GETOWN), "F_GETOWN of a place");
}

static void owners(void)
{
	struct f_owner_ex owner = {F_OWNER_PID, 0};
	int ends[2];

	if (pipe(ends) != 0)
		exit(1);
	GIVES(fcntl(ends[0], F_GETOWN), "F_GETOWN");
	GIVES(fcntl(ends[0], F_SETOWN, getpid()), "F_SETOWN");
	say("it is %d, the other end's %d", fcntl(ends[0], F_GETOWN) == getpid(),
	    fcntl(ends[1], F_GETOWN));
	GIVES(fcntl(ends[0], F_GETOWN_EX, &owner), "F_GETOWN_EX");
	say("type %d, it is %d", owner.type, owner.pid == getpid());
	GIVES(fcntl(ends[0], F_SETOWN, -getpgrp()), "F_SETOWN of a group");
	GIVES(fcntl(ends[0], F_GETOWN_EX, &owner), "F_GETOWN_EX");
	say("type %d, it is %d", owner.type, owner.pid == getpgrp());
	GIVES(fcntl(ends[0], F_SETOWN, 99999), "F_SETOWN of nobody");
	GIVES(fcntl(ends[0], F_SETOWN, 0), "F_SETOWN 0");
	GIVES(fcntl(ends[0], F_GETOWN), "F_GETOWN");
	owner.type = 7;
	GIVES(fcntl(ends[0], F_SETOWN_EX, &owner), "F_SETOWN_EX of another type");
	owner = (struct f_owner_ex){F_OWNER_PGRP, getpgrp()};
	GIVES(fcntl(ends[0], F_SETOWN_EX, &owner), "F_SETOWN_EX of a group");
	GIVES(fcntl(ends[0], F_SETOWN_EX, (void *)16), "F_SETOWN_EX at a bad address");
	GIVES(fcntl(ends[0], F_GETSIG), "F_GETSIG");
	GIVES(fcntl(ends[0], F_SETSIG, SIGUSR1), "F_SETSIG");
	GIVES(fcntl(ends[0], F_GETSIG), "F_GETSIG");
	GIVES(fcntl(ends[0], F_SETSIG, 64), "F_SETSIG 64");
	GIVES(fcntl(ends[0], F_SETSIG, 65), "F_SETSIG 65");
	GIVES(fcntl(ends[0], F_SETSIG, -1), "F_SETSIG -1");
	GIVES(fcntl(ends[0], F_GETLEASE), "F_GETLEASE");
	GIVES(fcntl(99, F_GETOWN), "of nothing");
}

#ifndef F_GET_RW_HINT
#define F_GET_RW_HINT 1035
#define F_SET_RW_HINT 1036
#endif

static void hint_of(const char *what, int fd)
{
	uint64_t hint = 77;

	GIVES(fcntl(fd, F_GET_RW_HINT, &hint), "%s", what);
	say("  it is %d", (int)hint);
}

static void others_hint(void *fd)
{
	uint64_t hint = 2;

	setresuid(1000, 1000, 1000);
	hint_of("another's hint", *(int *)fd);
	GIVES(fcntl(*(int *)fd, F_SET_RW_HINT, &hint), "another's, set");
}

/* How long what is written will stay: of the file, not of the descriptor. */
static void hints(int fd)
{
	int second = open("f", O_RDONLY);

	hint_of("no hint", fd);
	for (uint64_t hint = 0; hint < 8; hint++)
		GIVES(fcntl(fd, F_SET_RW_HINT, &hint), "hint %d", (int)hint);
	hint_of("the last hint", second);
	GIVES(fcntl(fd, F_SET_RW_HINT, (void *)1), "a hint from nowhere");
	GIVES(fcntl(fd, F_GET_RW_HINT, (void *)1), "a hint to nowhere");
	child_status(others_hint, &fd);
	close(second);
}

int main(void)
{
	int fd = new_file("f", 1);

	ranges(fd);
	parted(fd);
	duplicates(fd);
	status();
	owners();
	hints(fd);
	return 0;
}
