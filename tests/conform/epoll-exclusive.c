/* SPDX-License-Identifier: MIT */
/* epoll_ctl(2), EPOLLEXCLUSIVE: of several that wait for one file a wake reaches one, and one that is
 * not exclusive in any case. */
#include "case.h"
#include <sys/epoll.h>

#define WAITERS 5

/* Waits, tells that it heard, and looks no more. */
static void wait_once(int file, uint32_t events, int told)
{
	struct epoll_event event = {.events = events}, got;
	int epoll = epoll_create1(0);

	epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event);
	if (epoll_wait(epoll, &got, 1, 5000) == 1 && write(told, "w", 1) == 1)
		pause();
	_exit(0);
}

static bool asleep(pid_t process)
{
	char path[40], text[200] = "";
	snprintf(path, sizeof path, "/proc/%d/stat", process);
	int fd = open(path, O_RDONLY);
	if (read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	close(fd);
	const char *end = strrchr(text, ')');
	return end && end[2] == 'S';
}

static int heard(int told)
{
	char bytes[WAITERS];
	usleep(200000);
	int n = (int)read(told, bytes, sizeof bytes);
	return n < 0 ? 0 : n;
}

static void try(const char *what, const uint32_t events[WAITERS])
{
	int ends[2], told[2];
	pid_t children[WAITERS];
	pipe(ends);
	pipe2(told, O_NONBLOCK);
	for (int i = 0; i < WAITERS; i++) {
		children[i] = fork();
		if (children[i] == 0)
			wait_once(ends[0], events[i], told[1]);
	}
	for (int i = 0; i < WAITERS; i++)
		while (!asleep(children[i]))
			usleep(1000);
	for (int i = 0; i < 3; i++) {
		write(ends[1], "x", 1);
		say("%s: write %d is heard by %d", what, i, heard(told[0]));
	}
	close(ends[1]);
	for (int i = 0; i < WAITERS; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	close(ends[0]);
	close(told[0]);
	close(told[1]);
}

int main(void)
{
	const uint32_t edge = EPOLLIN | EPOLLET, one = edge | EPOLLEXCLUSIVE;
	try("all exclusive", (uint32_t[]){one, one, one, one, one});
	try("none", (uint32_t[]){edge, edge, edge, edge, edge});
	try("two of five", (uint32_t[]){edge, one, edge, one, edge});
	return 0;
}
