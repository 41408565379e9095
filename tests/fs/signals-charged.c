/* SPDX-License-Identifier: MIT */
/*
 * Who owns an open file, leases and requests of F_NOTIFY are kernel memory: a user who has ever more
 * of them is refused some time, and others are not. What ends can be had again.
 *
 * Pagoda only: Linux sets no bound.
 *
 * guest: mem=8 pagoda-only timeout=120
 */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#define MOST 7500 /* files: more than there is memory for what they have */
#define UID 1000

static int fds[MOST];

static int lease(int fd)
{
	return fcntl(fd, F_SETLEASE, F_RDLCK);
}

static int notice(int fd)
{
	return fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT);
}

static int asynchronous(int fd)
{
	return fcntl(fd, F_SETFL, O_ASYNC);
}

/* Until one is refused; how many there were. */
static int ask_for_all(const char *name, int (*ask)(int fd), int error)
{
	int count = 0;

	while (count < MOST) {
		fds[count] = open(name, O_RDONLY);
		CHECK(fds[count] >= 0, "open %d, error %d", count, errno);
		if (ask(fds[count]) < 0)
			break;
		count++;
	}
	CHECK(count < MOST && errno == error, "%d of them, error %d", count, errno);
	return count;
}

static void fill(const char *name, int (*ask)(int fd), int error)
{
	int count = ask_for_all(name, ask, error);

	CHECK(ask(fds[count]) < 0, "and again");
	close(fds[0]);
	CHECK(ask(fds[count]) == 0, "one goes, another comes");
	for (int i = 1; i <= count; i++)
		close(fds[i]);
	say("%d of %s", count, name);
}

static void become(int uid)
{
	struct rlimit limit = {MOST + 100, MOST + 100};

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0, "files");
	CHECK(setgid(uid) == 0 && setuid(uid) == 0, "user %d", uid);
	close(open("leased1000", O_RDONLY | O_CREAT, 0600));
}

static void other(void *unused)
{
	(void)unused;
	CHECK(setuid(UID + 1) == 0, "another user");
	int fd = open("leased1001", O_RDONLY | O_CREAT, 0600), directory = open(".", O_RDONLY);
	CHECK(lease(fd) == 0 && notice(directory) == 0, "has his, error %d", errno);
}

static void one_user(void *unused)
{
	(void)unused;
	become(UID);
	fill("leased1000", lease, ENOLCK);
	fill(".", notice, ENOSPC);
}

/* Who makes a pipe ready tells all with interrupts off: so there are not many. */
static void many_owners(void)
{
	CHECK(mkfifo("fifo", 0600) == 0, "a FIFO");
	int end = open("fifo", O_RDWR);
	int count = ask_for_all("fifo", asynchronous, ENOSPC);
	CHECK(count == 64, "%d owners of one pipe", count);
	close(fds[0]);
	CHECK(asynchronous(fds[count]) == 0, "one goes, another comes");
	for (int i = 1; i <= count; i++)
		close(fds[i]);
	close(end);
}

int main(void)
{
	int ready[2], go[2];
	char byte = 'g';

	CHECK(chmod(".", 0777) == 0 && pipe(ready) == 0 && pipe(go) == 0, "a folder for all");
	pid_t child = fork_checked();
	if (child == 0) {
		become(UID);
		ask_for_all("leased1000", lease, ENOLCK);
		CHECK(write(ready[1], "r", 1) == 1 && read(go[0], &byte, 1) == 1, "beside another");
		_exit(0);
	}
	CHECK(read(ready[0], &byte, 1) == 1, "one user has all of his");
	in_child(other, NULL);
	CHECK(write(go[1], &byte, 1) == 1, "on");
	wait_success(child);
	in_child(one_user, NULL);
	many_owners();
	say("what tells by signals is charged");
	return 0;
}
