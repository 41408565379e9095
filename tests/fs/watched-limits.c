/* SPDX-License-Identifier: MIT */
/*
 * inotify(7), /proc interfaces: a user gets as many watches as max_user_watches says, but for what
 * his descriptor takes of the same bound; then it is ENOSPC. Of descriptors EMFILE is the end, and
 * max_user_instances tells of it. max_queued_events wait for a reader, and behind them the word
 * that there were more.
 *
 * guest: mem=8 pagoda-only timeout=120
 */
#include "tests/test.h"

#include <errno.h>
#include <linux/inotify.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define UID 1000
#define A_FEW 8u /* watches, instead of which a descriptor is charged */

static int inotify(int flags)
{
	return (int)syscall(__NR_inotify_init1, flags);
}

static int watch(int fd, const char *path, uint32_t mask)
{
	return (int)syscall(__NR_inotify_add_watch, fd, path, mask);
}

static unsigned limit(const char *name)
{
	char path[80];
	snprintf(path, sizeof path, "/proc/sys/fs/inotify/%s", name);
	return file_number(path);
}

static const char *file(unsigned i)
{
	static char name[24];
	snprintf(name, sizeof name, "w%u", i);
	return name;
}

static void watches(unsigned most)
{
	unsigned count = 0;
	int fd = inotify(0);
	CHECK(fd >= 0, "a descriptor");
	while (count <= most && watch(fd, file(count), IN_OPEN) > 0)
		count++;
	CHECK(errno == ENOSPC && count <= most && count + A_FEW >= most, "%u of %u, error %d", count,
	      most, errno);
	close(fd);
}

static void descriptors(unsigned most)
{
	unsigned count = 0;
	struct rlimit room = {most + 10, most + 10};
	CHECK(setrlimit(RLIMIT_NOFILE, &room) == 0, "numbers for all");
	while (count <= most && inotify(O_CLOEXEC) >= 0)
		count++;
	CHECK(errno == EMFILE && count <= most && count > most / 2, "%u of %u, error %d", count, most,
	      errno);
}

static void events(unsigned most)
{
	static char buffer[65536];
	unsigned count = 0;
	struct inotify_event last = {0};
	int fd = inotify(O_NONBLOCK);
	CHECK(watch(fd, ".", IN_OPEN | IN_CLOSE) > 0, "a watch");
	for (unsigned i = 0; i < most; i++) /* two events that are not alike */
		close(open(file(i % 2), O_RDONLY));
	ssize_t n;
	while ((n = read(fd, buffer, sizeof buffer)) > 0)
		for (char *at = buffer; at < buffer + n; count++) {
			memcpy(&last, at, sizeof last);
			at += sizeof last + last.len;
		}
	CHECK(count == most + 1 && last.mask == IN_Q_OVERFLOW, "%u events, the last %x", count,
	      last.mask);
	close(fd);
}

int main(void)
{
	unsigned most = limit("max_user_watches");
	CHECK(most > 100 && most < 100000, "%u watches", most);
	CHECK(mkdir("/watched", 0755) == 0 && chdir("/watched") == 0, "a place on the disk");
	for (unsigned i = 0; i <= most; i++)
		close(open(file(i), O_WRONLY | O_CREAT, 0644));
	events(limit("max_queued_events"));
	pid_t child = fork_checked();
	if (!child) {
		CHECK(setuid(UID) == 0, "another user");
		watches(most);
		watches(most);
		descriptors(limit("max_user_instances"));
		_exit(0);
	}
	int status;
	CHECK(waitpid(child, &status, 0) == child && status == 0, "his part");
	return 0;
}
