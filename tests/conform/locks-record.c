/* SPDX-License-Identifier: MIT */
/* Record locks of fcntl(2), and those of open file descriptions: ranges that split and merge, who
 * is in whose way, what F_GETLK tells, when they go, and how a wait ends. */
#include "case.h"

#define RIGHT_TYPES "RWU" /* F_RDLCK, F_WRLCK, F_UNLCK */

static pid_t parent;

static struct flock range(int type, off_t start, off_t length)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start,
	                      .l_len = length};
}

static int lock(int fd, int command, int type, off_t start, off_t length)
{
	struct flock l = range(type, start, length);
	return fcntl(fd, command, &l);
}

/* Every lock on bytes 0 to 99 that another process finds. */
static void show_as_other(void *unused)
{
	int fd = open("f", O_RDWR);
	off_t at = 0;

	(void)unused;
	while (at < 100) {
		struct flock l = range(F_WRLCK, at, 100 - at);
		if (fcntl(fd, F_GETLK, &l) != 0 || l.l_type == F_UNLCK)
			break;
		say("  %c from %ld, %ld bytes, whence %d, pid %s",
		    RIGHT_TYPES[l.l_type], (long)l.l_start, (long)l.l_len, l.l_whence,
		    l.l_pid == parent ? "of the parent" : l.l_pid == -1 ? "-1" : "another");
		if (l.l_len == 0)
			break;
		at = l.l_start + l.l_len;
	}
}

static void show(const char *what)
{
	say("%s", what);
	child_status(show_as_other, NULL);
}

static void ranges(int fd)
{
	GIVES(lock(fd, F_SETLK, F_WRLCK, 10, 10), "10 to 19 w");
	GIVES(lock(fd, F_SETLK, F_WRLCK, 20, 5), "20 to 24 w");
	show("they meet:");
	GIVES(lock(fd, F_SETLK, F_RDLCK, 12, 3), "12 to 14 r");
	show("one in three:");
	GIVES(lock(fd, F_SETLK, F_UNLCK, 13, 1), "13 let go");
	show("a gap:");
	GIVES(lock(fd, F_SETLK, F_RDLCK, 0, 100), "all r");
	show("one:");
	GIVES(lock(fd, F_SETLK, F_UNLCK, 0, 50), "half let go");
	show("the rest:");
	GIVES(lock(fd, F_SETLK, F_WRLCK, 70, 0), "70 to the end w");
	show("to the end:");
	GIVES(lock(fd, F_SETLK, F_UNLCK, 80, 5), "80 to 84 let go");
	show("two ends:");
	GIVES(lock(fd, F_SETLK, F_WRLCK, 60, -5), "55 to 59 w");
	show("backward:");
	GIVES(lock(fd, F_SETLK, F_UNLCK, 0, 0), "all let go");
	show("none:");
}

static void bad_arguments(int fd)
{
	static const struct { int whence; long long start, length; } tries[] = {
		{SEEK_SET, -1, 1}, {SEEK_SET, 5, -6}, {SEEK_SET, 5, -5}, {SEEK_SET, INT64_MAX, 1},
		{SEEK_SET, INT64_MAX, 2}, {SEEK_SET, INT64_MAX, 0}, {SEEK_SET, 1, INT64_MAX},
		{SEEK_SET, 2, INT64_MAX}, {SEEK_CUR, INT64_MAX, 1}, {SEEK_END, INT64_MAX, 1},
		{SEEK_CUR, -20, 1}, {SEEK_END, -20, 5}, {SEEK_END, -20000, 5}, {3, 0, 1}, {-1, 0, 1},
	};

	lseek(fd, 10, SEEK_SET);
	for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		struct flock l = {.l_type = F_WRLCK, .l_whence = tries[i].whence,
		                  .l_start = tries[i].start, .l_len = tries[i].length};
		GIVES(fcntl(fd, F_SETLK, &l), "whence %d start %lld length %lld", tries[i].whence,
		      tries[i].start, tries[i].length);
		lock(fd, F_SETLK, F_UNLCK, 0, 0);
	}
	for (int type = -1; type < 5; type++) {
		GIVES(lock(fd, F_SETLK, type, 0, 1), "set type %d", type);
		GIVES(lock(fd, F_GETLK, type, 0, 1), "get type %d", type);
	}
	GIVES(fcntl(fd, F_SETLK, 16), "set: a bad pointer");
	GIVES(fcntl(fd, F_GETLK, 16), "get: a bad pointer");
	GIVES(lock(99, F_SETLK, F_RDLCK, 0, 1), "no descriptor");
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

static void kinds_of_file(void)
{
	static const struct { const char *what; int flags; } modes[] = {
		{"read-only", O_RDONLY}, {"write-only", O_WRONLY}, {"mode 3", 3}, {"O_PATH", O_PATH},
	};
	int ends[2];

	for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		int fd = open("f", modes[i].flags);
		for (int type = F_RDLCK; type <= F_UNLCK; type++)
			GIVES(lock(fd, F_SETLK, type, 0, 1), "%s: %c", modes[i].what,
			      RIGHT_TYPES[type]);
		close(fd);
	}
	int folder = open(".", O_RDONLY), null = open("/dev/null", O_RDWR);
	pipe(ends);
	GIVES(lock(folder, F_SETLK, F_RDLCK, 0, 1), "a directory");
	GIVES(lock(null, F_SETLK, F_WRLCK, 0, 1), "/dev/null");
	GIVES(lock(ends[0], F_SETLK, F_RDLCK, 0, 1), "a pipe");
	close(folder);
	close(null);
	close(ends[0]);
	close(ends[1]);
}

static void try_as_other(void *unused)
{
	int fd = open("f", O_RDWR);

	(void)unused;
	GIVES(lock(fd, F_SETLK, F_RDLCK, 0, 1), "another: r");
	GIVES(lock(fd, F_SETLK, F_WRLCK, 0, 1), "another: w");
	GIVES(lock(fd, F_OFD_SETLK, F_RDLCK, 0, 1), "another: r of the open file");
	GIVES(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 1), "another: w of the open file");
}

static void try_inherited(void *descriptor)
{
	int fd = *(int *)descriptor;
	GIVES(lock(fd, F_SETLK, F_WRLCK, 0, 1), "a child, the inherited descriptor: w");
	GIVES(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 1), "the same: w of the open file");
}

static void ends_of_locks(int fd)
{
	GIVES(lock(fd, F_SETLK, F_RDLCK, 0, 0), "all r");
	child_status(try_as_other, NULL);
	GIVES(lock(fd, F_SETLK, F_WRLCK, 0, 0), "all w");
	child_status(try_as_other, NULL);
	child_status(try_inherited, &fd);
	int second = open("f", O_RDONLY);
	int path = open("f", O_PATH);
	GIVES(close(path), "an O_PATH descriptor is closed");
	child_status(try_as_other, NULL);
	GIVES(close(second), "another descriptor of the file is closed");
	child_status(try_as_other, NULL);
	lock(fd, F_SETLK, F_WRLCK, 0, 0);
	second = dup(fd);
	GIVES(close(second), "a duplicate is closed");
	child_status(try_as_other, NULL);
	lock(fd, F_SETLK, F_WRLCK, 0, 0);
	second = open("f", O_RDONLY);
	GIVES(dup2(1, second) == second, "another is overwritten by dup2");
	child_status(try_as_other, NULL);
	close(second);
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

static void of_open_files(int fd)
{
	int second = open("f", O_RDWR), copy = dup(fd);
	struct flock l = range(F_WRLCK, 0, 10);

	GIVES(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10), "an open file's: w");
	GIVES(lock(second, F_OFD_SETLK, F_WRLCK, 5, 10), "another's: w");
	GIVES(lock(copy, F_OFD_SETLK, F_RDLCK, 5, 1), "a duplicate's: r");
	GIVES(lock(fd, F_SETLK, F_WRLCK, 0, 1), "the process's: w");
	GIVES(lock(fd, F_SETLK, F_RDLCK, 5, 1), "the process's: r where it is r");
	show("both kinds:");
	GIVES(fcntl(second, F_OFD_GETLK, &l), "who is it");
	say("%d from %ld, %ld, pid %d", l.l_type, (long)l.l_start, (long)l.l_len, (int)l.l_pid);
	l = range(F_WRLCK, 0, 10);
	l.l_pid = 1;
	GIVES(fcntl(second, F_OFD_SETLK, &l), "with a pid");
	GIVES(close(copy), "the duplicate is closed");
	GIVES(lock(second, F_OFD_SETLK, F_WRLCK, 0, 1), "another's: w");
	GIVES(close(fd), "the last one is closed");
	GIVES(lock(second, F_OFD_SETLK, F_WRLCK, 0, 10), "another's: w");
	close(second);
}

int main(void)
{
	int fd = new_file("f", 1);

	parent = getpid();
	ranges(fd);
	bad_arguments(fd);
	kinds_of_file();
	ends_of_locks(fd);
	of_open_files(fd);
	return 0;
}
