/* SPDX-License-Identifier: MIT */
/* proc_pid_fdinfo(5): what it says of files that are none of a disk. */
#include "case.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

/* The lines that begin so. Inodes and devices are hidden: they are others here and there. */
static void show(int fd, const char *what, const char *begins)
{
	char path[40], line[200];
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	FILE *file = fopen(path, "r");
	say("%s:", what);
	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, begins, strlen(begins)))
			continue;
		char *ino = strstr(line, " ino:"), *mask = strstr(line, " mask:");
		char *handle = strstr(line, " fhandle-bytes");
		if (handle)
			strcpy(handle, "\n");
		if (ino && mask)
			printf("  %.*s%s", (int)(ino - line), line, mask);
		else if (ino)
			printf("  %.*s\n", (int)(ino - line), line);
		else
			printf("  %s", line);
	}
	fflush(stdout);
	if (file)
		fclose(file);
}

static void counts(void)
{
	int fd = eventfd(0x123, EFD_NONBLOCK);
	show(fd, "a count", "eventfd-count");
	uint64_t more = 1;
	write(fd, &more, sizeof more);
	show(fd, "one more", "eventfd-count");
	close(fd);
}

static void polled(void)
{
	int epoll = epoll_create1(0), fd = eventfd(0, 0);
	struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 0x123456789abcull}};
	show(epoll, "an epoll of nothing", "tfd");
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	show(epoll, "of one file", "tfd");
	event.events = EPOLLOUT;
	epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
	show(epoll, "changed", "tfd");
	close(fd);
	show(epoll, "closed", "tfd");
	close(epoll);
}

static void signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMAX);
	int fd = signalfd(-1, &set, 0);
	show(fd, "signals", "sigmask");
	close(fd);
}

static void timers(void)
{
	struct itimerspec often = {{0, 1000000}, {0, 1000000}}, once = {{0, 0}, {0, 1000000}};
	struct itimerspec past = {{0, 0}, {0, 1000}};
	uint64_t count;
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	show(fd, "a timer", "clockid");
	show(fd, "a timer", "ticks");
	show(fd, "a timer", "it_");
	timerfd_settime(fd, 0, &often, NULL);
	usleep(30000);
	show(fd, "often", "it_interval");
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, NULL);
	usleep(1000);
	show(fd, "in the past", "clockid");
	show(fd, "in the past", "ticks");
	show(fd, "in the past", "settime");
	show(fd, "in the past", "it_value");
	read(fd, &count, sizeof count);
	show(fd, "read", "ticks");
	timerfd_settime(fd, 0, &once, NULL);
	usleep(30000);
	show(fd, "once", "ticks");
	show(fd, "once", "it_value");
	close(fd);
}

static void watches(void)
{
	int fd = inotify_init1(0);
	show(fd, "watches", "inotify");
	inotify_add_watch(fd, "/", IN_CREATE | IN_DELETE);
	show(fd, "the root", "inotify");
	inotify_add_watch(fd, "/", IN_OPEN | IN_MASK_ADD);
	show(fd, "for more", "inotify");
	inotify_rm_watch(fd, 1);
	show(fd, "no more", "inotify");
	close(fd);
}

static void process(void)
{
	pid_t child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	int fd = syscall(SYS_pidfd_open, child, 0);
	char path[40], text[1000] = "", *at;
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	int info = open(path, O_RDONLY);
	read(info, text, sizeof text - 1);
	at = strstr(text, "Pid:\t");
	say("of a process: %d", at && atoi(at + 5) == child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	show(fd, "it has ended", "Pid");
	close(fd);
	close(info);
}

int main(void)
{
	counts();
	polled();
	signals();
	timers();
	watches();
	process();
	return 0;
}
