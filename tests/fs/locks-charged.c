/* SPDX-License-Identifier: MIT */
/*
 * Locks on files are kernel memory: a user who takes them without end gets ENOLCK at some time, and
 * others lock on. Letting go is always possible, also of the middle of a range, which makes one
 * lock into two. What is let go, by the end of a process too, can be taken again.
 *
 * Pagoda only: Linux sets no bound.
 *
 * guest: mem=12 pagoda-only timeout=120
 */
#include "tests/test.h"

#include <errno.h>

#define MOST 30000 /* far more than there is memory for */
#define UID 1000
#define PIECES 500
#define FILES 40

static int fds[FILES];

static int lock_in(int file, int type, int start, int length)
{
	struct flock lock = {
		.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	return fcntl(fds[file], F_SETLK, &lock);
}

static int lock(int type, int start, int length)
{
	return lock_in(0, type, start, length);
}

/* Every other byte, by turns in each file. How many until one is refused. */
static int take_all(void)
{
	int taken = 0;

	while (taken < MOST && lock_in(taken % FILES, F_WRLCK, 2 * taken, 1) == 0)
		taken++;
	CHECK(taken < MOST && errno == ENOLCK, "%d locks, error %d", taken, errno);
	return taken;
}

static void become(int uid)
{
	CHECK(setgid(uid) == 0 && setuid(uid) == 0, "user %d", uid);
	for (int i = 0; i < FILES; i++) {
		char name[16];
		snprintf(name, sizeof name, "locked%d", i);
		fds[i] = open(name, O_RDWR | O_CREAT, 0666);
		CHECK(fds[i] >= 0 && (fchmod(fds[i], 0666) == 0 || errno == EPERM), "%s", name);
	}
}

/* With all that there may be. */
static void use(int taken)
{
	int range = 2 * taken;

	CHECK(lock(F_UNLCK, 0, 1) == 0 && lock(F_WRLCK, range, 4 * PIECES) == 0,
	      "one goes, another comes");
	errno = 0;
	CHECK(lock(F_WRLCK, 0, 1) < 0 && errno == ENOLCK, "and no other");
	for (int i = 1; i < 2 * PIECES; i += 2)
		CHECK(lock(F_UNLCK, range + i, 1) == 0, "byte %d is let go", i);
	CHECK(lock(F_WRLCK, 0, 1) < 0 && errno == ENOLCK, "no more of them");
	for (int i = 0; i < FILES; i++)
		CHECK(lock_in(i, F_UNLCK, 0, 0) == 0, "all are let go");
	CHECK(lock(F_WRLCK, 0, 1) == 0, "and there may be others");
}

static void fill(void *unused)
{
	(void)unused;
	become(UID);
	use(take_all());
}

static void other(void *unused)
{
	(void)unused;
	become(UID + 1);
	CHECK(lock(F_WRLCK, 1000000, 1) == 0, "another user's lock");
}

int main(void)
{
	int ready[2], go[2];
	char byte = 'g';

	CHECK(chmod(".", 0777) == 0, "a folder for all");
	CHECK(pipe(ready) == 0 && pipe(go) == 0, "pipes");
	pid_t child = fork_checked();
	if (!child) {
		become(UID);
		int taken = take_all();
		CHECK(write(ready[1], "r", 1) == 1 && read(go[0], &byte, 1) == 1, "beside another");
		use(taken);
		_exit(0);
	}
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1, "one user has all of his");
	in_child(other, NULL);
	CHECK(write(go[1], &byte, 1) == 1, "on");
	wait_success(child);
	in_child(fill, NULL);
	say("locks are charged, and always let go");
	return 0;
}
