/* SPDX-License-Identifier: MIT */
/*
 * syslog(2): each message is taken once, who waits is woken by the next, what was cleared is not told
 * again; and the levels of lines written to /dev/kmsg.
 *
 * pagoda-only: it takes what others would read in the machine's log.
 * guest: pagoda-only
 */
#include "tests/test.h"

#include <sys/syscall.h>

enum { READ = 2, READ_ALL, READ_CLEAR, CLEAR, UNREAD = 9, SIZE };

static char room[65536];

static int log_call(int type)
{
	memset(room, 0, sizeof room);
	return syscall(__NR_syslog, type, room, sizeof room - 1);
}

static void put(const char *line)
{
	int fd = open("/dev/kmsg", O_WRONLY);
	CHECK(write(fd, line, strlen(line)) == (ssize_t)strlen(line), "the log takes a line");
	close(fd);
}

static void taken_once(void)
{
	while (log_call(UNREAD) > 0)
		CHECK(log_call(READ) > 0, "what is unread");
	put("the first");
	put("<3>the second");
	int n = log_call(UNREAD);
	CHECK(n > 0, "something is unread");
	CHECK(syscall(__NR_syslog, READ, room, 5) == 5, "five bytes");
	CHECK(log_call(UNREAD) == n - 5, "the rest is left");
	CHECK(log_call(READ) == n - 5, "the rest");
	CHECK(strstr(room, "the first\n") && strstr(room, "] the second\n"), "both: %s", room);
	CHECK(log_call(UNREAD) == 0, "nothing is left");
}

static void waits(void)
{
	pid_t child = fork();
	if (child == 0) {
		usleep(300000);
		put("woken");
		_exit(0);
	}
	CHECK(log_call(READ) > 0 && strstr(room, "woken"), "who waits gets the next: %s", room);
	waitpid(child, NULL, 0);
}

static void handler(int number)
{
	(void)number;
}

static void interrupted(void)
{
	struct sigaction action = {.sa_handler = handler};
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	CHECK(log_call(READ) == -1 && errno == EINTR, "a signal ends it");
}

static void cleared(void)
{
	put("before");
	CHECK(log_call(READ_ALL) > 0 && strstr(room, "before"), "all");
	CHECK(log_call(READ_CLEAR) > 0 && strstr(room, "before"), "all, and clear");
	CHECK(log_call(READ_ALL) == 0, "nothing since");
	put("after");
	CHECK(log_call(READ_ALL) > 0 && strstr(room, "after") && !strstr(room, "before"), "since then");
	CHECK(log_call(CLEAR) == 0 && log_call(READ_ALL) == 0, "cleared");
	CHECK(log_call(READ) > 0 && strstr(room, "before"), "who takes gets it all the same");
}

/* The newest, where there is no room for all. */
static void newest(void)
{
	put("one that is older");
	put("the newest");
	CHECK(syscall(__NR_syslog, READ_ALL, room, 7) == 7, "seven bytes");
	CHECK(memcmp(room, "newest\n", 7) == 0, "of the end: %.7s", room);
	int size = log_call(SIZE);
	for (int i = 0; i < 400; i++)
		put("a line that fills the log, which keeps the newest bytes of all");
	CHECK(log_call(READ_ALL) == size, "as much as there is room for");
	CHECK(log_call(READ) == size, "and what was lost is not waited for");
}

int main(void)
{
	taken_once();
	waits();
	interrupted();
	cleared();
	newest();
	say("messages are told once");
	return 0;
}
