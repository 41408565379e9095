/* SPDX-License-Identifier: MIT */
/*
 * Who is told by signals of a directory's changes (fcntl(2), F_NOTIFY), and looks at it then, has
 * seen all of them in the end: those who ask once more each time, and those who ask for all. Some of
 * them are killed, and the directory is opened and closed by many all the while.
 *
 * guest: timeout=120
 */
#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define WATCHERS 4
#define FILES 150
#define KILLED 20
#define TOLD (SIGRTMIN + 2)

static sigset_t told;

/* How many there are; `end` is one of them. */
static int count_files(bool *end)
{
	DIR *dir = opendir("watched");
	int count = 0;

	CHECK(dir, "the directory");
	*end = false;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		count += entry->d_name[0] == 'f';
		*end |= entry->d_name[0] == 'e';
	}
	closedir(dir);
	return count;
}

static void watch(bool again, int ready)
{
	unsigned asked = DN_CREATE | DN_DELETE | DN_RENAME | (again ? DN_MULTISHOT : 0);
	int fd = open("watched", O_RDONLY);
	siginfo_t info;
	bool end;

	CHECK(fcntl(fd, F_SETSIG, TOLD) == 0 && fcntl(fd, F_NOTIFY, asked) == 0, "error %d",
	      errno);
	CHECK(write(ready, "r", 1) == 1, "ready");
	for (;;) {
		CHECK(sigwaitinfo(&told, &info) > 0, "a signal, error %d", errno);
		CHECK(info.si_signo == SIGIO || info.si_fd == fd, "of %d", info.si_fd);
		/* Asked before the look: what comes in between is told once more. */
		if (!again)
			CHECK(fcntl(fd, F_NOTIFY, asked) == 0, "error %d", errno);
		int count = count_files(&end);
		if (end) {
			CHECK(count == FILES, "%d files at the end", count);
			_exit(0);
		}
	}
}

static void change_all(void)
{
	char name[40], other[40];

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "watched/g%d", i);
		snprintf(other, sizeof other, "watched/f%d", i);
		close(open(name, O_RDWR | O_CREAT, 0600));
		CHECK(rename(name, other) == 0, "rename");
		snprintf(name, sizeof name, "watched/h%d", i);
		CHECK(mkdir(name, 0700) == 0 && rmdir(name) == 0, "a directory");
	}
}

static void kill_some(void)
{
	for (int i = 0; i < KILLED; i++) {
		pid_t child = fork_checked();
		if (child == 0)
			for (;;) {
				int fd = open("watched", O_RDONLY);
				fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT);
				fcntl(dup(fd), F_NOTIFY, DN_ACCESS);
				close(fd);
			}
		struct timespec moment = {0, 1000000};
		nanosleep(&moment, NULL);
		close(open("watched/passing", O_RDWR | O_CREAT, 0600));
		kill(child, SIGKILL);
		wait_status(child);
		unlink("watched/passing");
	}
}

int main(void)
{
	int ready[2];
	pid_t watchers[WATCHERS];
	char byte;

	sigemptyset(&told);
	sigaddset(&told, SIGIO);
	sigaddset(&told, TOLD);
	sigprocmask(SIG_BLOCK, &told, NULL);
	CHECK(mkdir("watched", 0700) == 0 && pipe(ready) == 0, "a directory");
	for (int i = 0; i < WATCHERS; i++) {
		watchers[i] = fork_checked();
		if (watchers[i] == 0)
			watch(i % 2, ready[1]);
	}
	for (int i = 0; i < WATCHERS; i++)
		CHECK(read(ready[0], &byte, 1) == 1, "ready");
	change_all();
	kill_some();
	close(open("watched/end", O_RDWR | O_CREAT, 0600));
	for (int i = 0; i < WATCHERS; i++)
		wait_success(watchers[i]);
	say("%d watchers saw everything", WATCHERS);
	return 0;
}
