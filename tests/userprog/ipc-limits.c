/* SPDX-License-Identifier: MIT */
/*
 * guest: pagoda-only mem=16
 *
 * What a user's programs can make the kernel keep, messages, semaphores and what epolls watch, ends
 * long before memory does, and other users do not feel it; removed, it can be had again.
 */
#include "tests/test.h"

#include <linux/eventpoll.h>
#include <linux/ipc.h>
#include <linux/msg.h>
#include <sys/syscall.h>

#define NOBODY 1234
#define QUEUES_MOST 2000
#define SIZE 8000

struct message {
	int type;
	char text[SIZE];
};

static int queues[QUEUES_MOST];

static int send(int id)
{
	static struct message message = {.type = 1};
	return (int)syscall(__NR_msgsnd, id, &message, SIZE, IPC_NOWAIT);
}

/* As many messages as there may be: how many. */
static uint32_t fill_queues(uint32_t *count)
{
	uint32_t sent = 0;
	for (*count = 0; *count < QUEUES_MOST; ++*count) {
		int id = queues[*count] = (int)syscall(__NR_msgget, IPC_PRIVATE, 0600);
		uint32_t before = sent;
		if (id < 0)
			break;
		while (send(id) == 0)
			sent++;
		if (sent == before) {
			++*count;
			break;
		}
	}
	return sent;
}

static void as_nobody(void)
{
	uint32_t count, sent, again;
	CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0, "another user");
	sent = fill_queues(&count);
	CHECK(count < QUEUES_MOST && sent > 10 && sent * SIZE < 2 * MIB,
	      "%u messages of 16 MiB", sent);
	CHECK(syscall(__NR_semget, IPC_PRIVATE, 30000, 0600) < 0 && errno == ENOSPC,
	      "no semaphores then");
	for (uint32_t i = 0; i < count; i++)
		CHECK(syscall(__NR_msgctl, queues[i], IPC_RMID, NULL) == 0, "removed");
	again = fill_queues(&count);
	CHECK(again == sent, "%u, and %u again", sent, again);
	for (uint32_t i = 0; i < count; i++)
		syscall(__NR_msgctl, queues[i], IPC_RMID, NULL);
	int semaphores = (int)syscall(__NR_semget, IPC_PRIVATE, 30000, 0600);
	CHECK(semaphores >= 0, "semaphores instead");
	syscall(__NR_semctl, semaphores, 0, IPC_RMID, 0);
	_exit(0);
}

/* Each of many epolls watches the same files under many numbers. */
static void watch_all(void)
{
	struct epoll_event event = {0, 0};
	int ends[2], watched = 0, epoll = -1;
	CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0, "another user");
	CHECK(pipe(ends) == 0, "a pipe");
	for (int i = 0; i < 900; i++)
		dup(ends[0]);
	do {
		epoll = (int)syscall(__NR_epoll_create1, 0);
		for (int fd = ends[0]; fd < 900 && epoll >= 0; fd++)
			if (syscall(__NR_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &event) == 0)
				watched++;
			else if (errno == ENOSPC)
				epoll = -1;
	} while (epoll >= 0);
	CHECK(watched > 1000 && watched < 100000, "%d watches", watched);
	_exit(0);
}

int main(void)
{
	void (*const parts[])(void) = {as_nobody, watch_all, watch_all};
	for (int i = 0; i < 3; i++) {
		pid_t child = fork_checked();
		if (!child)
			parts[i]();
		int status = wait_status(child);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "part %d", i);
	}
	int id = (int)syscall(__NR_msgget, IPC_PRIVATE, 0600);
	CHECK(id >= 0 && send(id) == 0, "root has room");
	syscall(__NR_msgctl, id, IPC_RMID, NULL);
	say("limited by user");
	return 0;
}
