/* SPDX-License-Identifier: MIT */
/*
 * guest: linux-root
 *
 * inotify(7) while several processes make, rename and remove files in a watched directory and watch
 * the files themselves: each name that came has gone by the events, none is lost, and a watched
 * file system can be unmounted, which its watchers are told.
 */
#include "tests/test.h"

#include <linux/inotify.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#define WORKERS 4
#define STEPS 100

static int notifier(void)
{
	return (int)syscall(__NR_inotify_init1, O_NONBLOCK);
}

static int watch(int fd, const char *path, uint32_t mask)
{
	return (int)syscall(__NR_inotify_add_watch, fd, path, mask);
}

static void work(int worker)
{
	char name[64], other[64];

	for (int step = 0; step < STEPS; step++) {
		int own = notifier();
		snprintf(name, sizeof name, "watched/w%d-%d", worker, step);
		snprintf(other, sizeof other, "watched/o%d-%d", worker, step);
		int fd = open(name, O_RDWR | O_CREAT, 0600);
		CHECK(fd >= 0 && watch(own, name, IN_ALL_EVENTS) == 1, "made and watched");
		CHECK(write(fd, "x", 1) == 1 && rename(name, other) == 0, "moved");
		if (step % 2)
			close(fd);
		CHECK(unlink(other) == 0, "removed");
		if (step % 2 == 0)
			close(fd);
		char bytes[4096];
		ssize_t n = read(own, bytes, sizeof bytes);
		const struct inotify_event *last = (const void *)(bytes + n - sizeof *last);
		CHECK(n > 0 && last->mask == IN_IGNORED, "the last word is that it is gone");
		close(own);
	}
	_exit(0);
}

struct counts {
	int created, from, to, deleted, lost;
};

static void count(int fd, struct counts *counts)
{
	char bytes[8192];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const void *)(bytes + at);
			counts->created += (event->mask & IN_CREATE) != 0;
			counts->from += (event->mask & IN_MOVED_FROM) != 0;
			counts->to += (event->mask & IN_MOVED_TO) != 0;
			counts->deleted += (event->mask & IN_DELETE) != 0;
			counts->lost += (event->mask & IN_Q_OVERFLOW) != 0;
			at += (ssize_t)(sizeof *event + event->len);
		}
}

static void ends_well(pid_t child)
{
	int status = wait_status(child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child ends well");
}

static void all_is_told(void)
{
	struct counts counts = {0};
	pid_t workers[WORKERS];
	int fd = notifier();

	CHECK(mkdir("watched", 0755) == 0, "a directory");
	CHECK(watch(fd, "watched", IN_CREATE | IN_MOVE | IN_DELETE) == 1, "is watched");
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = fork_checked();
		if (!workers[i])
			work(i);
	}
	for (int i = 0; i < WORKERS; i++)
		ends_well(workers[i]);
	count(fd, &counts);
	int all = WORKERS * STEPS;
	CHECK(counts.created == all && counts.from == all && counts.to == all &&
	      counts.deleted == all && !counts.lost, "%d of %d came, %d went", counts.created, all,
	      counts.deleted);
	CHECK(rmdir("watched") == 0, "the directory goes");
	close(fd);
}

static void unmounted(void)
{
	struct inotify_event told[3];
	int fd = notifier();

	CHECK(mkdir("place", 0755) == 0 && mount("none", "place", "tmpfs", 0, "") == 0, "a tmpfs");
	int file = open("place/file", O_RDWR | O_CREAT, 0600);
	CHECK(watch(fd, "place/file", IN_DELETE_SELF) == 1, "a file is watched");
	close(file);
	CHECK(umount("place") == 0, "it can be unmounted");
	CHECK(read(fd, told, sizeof told) == 32, "two events");
	CHECK(told[0].mask == IN_UNMOUNT && told[1].mask == IN_IGNORED, "that say so");
	CHECK(syscall(__NR_inotify_rm_watch, fd, 1) < 0 && errno == EINVAL, "no watch is left");
	CHECK(rmdir("place") == 0, "the place goes");
}

int main(void)
{
	CHECK(chdir("/tmp") == 0, "a place to work in");
	all_is_told();
	unmounted();
	say("all was told");
	return 0;
}
