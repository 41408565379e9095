/* SPDX-License-Identifier: MIT */
/* pipe(7), /proc/sys/fs/pipe-user-pages-soft: what a user with many pipes gets. */
#include "case.h"

#define PIPES 1024 /* of 16 pages each: the limit that is set at first */

static int ends[PIPES + 8][2];

static int limit(void)
{
	int pages = -1;
	FILE *file = fopen("/proc/sys/fs/pipe-user-pages-soft", "r");
	if (!file || fscanf(file, "%d", &pages) != 1)
		say("no limit is told");
	return pages;
}

static void size(int number, const char *what)
{
	GIVES(fcntl(ends[number][0], F_GETPIPE_SZ), "%s", what);
}

static void as_user(void *unused)
{
	(void)unused;
	if (setresuid(54321, 54321, 54321))
		say("no other user");
	int i = 0;
	while (i < PIPES && pipe(ends[i]) == 0)
		i++;
	say("%d pipes", i);
	size(0, "the first");
	size(PIPES - 1, "the last");
	GIVES(pipe(ends[PIPES]), "one more");
	size(PIPES, "it has");
	GIVES(pipe(ends[PIPES + 1]), "and another");
	size(PIPES + 1, "it has");
	GIVES(fcntl(ends[5][0], F_SETPIPE_SZ, 131072), "a larger one");
	GIVES(fcntl(ends[5][0], F_SETPIPE_SZ, 65536), "as large");
	GIVES(fcntl(ends[5][0], F_SETPIPE_SZ, 16384), "a smaller one");
	GIVES(fcntl(ends[PIPES][0], F_SETPIPE_SZ, 16384), "now a larger one");
	GIVES(fcntl(ends[PIPES][0], F_SETPIPE_SZ, 65536), "and larger");
	mkfifo("/tmp/pipe-users-fifo", 0600);
	int fifo = open("/tmp/pipe-users-fifo", O_RDWR);
	GIVES(fcntl(fifo, F_GETPIPE_SZ), "a fifo");
	for (int k = 0; k < 10; k++) {
		close(ends[k][0]);
		close(ends[k][1]);
	}
	GIVES(pipe(ends[0]), "one after ten were closed");
	size(0, "it has");
	unlink("/tmp/pipe-users-fifo");
}

static void as_root(void *unused)
{
	(void)unused;
	int i = 0;
	while (i < PIPES + 3 && pipe(ends[i]) == 0)
		i++;
	say("root has %d", i);
	size(PIPES + 2, "the last");
	GIVES(fcntl(ends[5][0], F_SETPIPE_SZ, 131072), "a larger one");
}

int main(void)
{
	struct rlimit many = {4096, 4096};
	setrlimit(RLIMIT_NOFILE, &many);
	say("at first %d", limit());
	child_status(as_user, NULL);
	child_status(as_root, NULL);
	return 0;
}
