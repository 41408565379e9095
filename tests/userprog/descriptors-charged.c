/* SPDX-License-Identifier: MIT */
/*
 * A user cannot take the kernel's memory by numbers of descriptors far apart, nor by polling many:
 * ENOMEM comes in time, and another user goes on. What was taken is there again afterwards.
 *
 * Pagoda only: Linux sets no such bound.
 *
 * guest: mem=12 pagoda-only
 */
#include "tests/test.h"

#include <poll.h>

#define MOST (1 << 20)
#define APART 1024

static void become(int uid)
{
	struct rlimit limit = {MOST, MOST};

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0, "a million descriptors");
	CHECK(setuid(uid) == 0, "user %d", uid);
}

static int spread(void)
{
	int number = APART - 1;

	while (number < MOST && dup2(0, number) == number)
		number += APART;
	return number;
}

static void take(void *unused)
{
	(void)unused;
	become(1000);
	CHECK(spread() < MOST && errno == ENOMEM, "too many: %d", errno);
	CHECK(dup(0) >= 0, "those at hand can be used");
}

static void take_half(void *unused)
{
	(void)unused;
	become(1000);
	for (int i = 1; i < 40; i++)
		CHECK(dup2(0, i * APART) == i * APART, "part %d", i);
}

static void poll_many(void *unused)
{
	uint32_t bytes = MOST * sizeof(struct pollfd);
	struct pollfd *fds = (void *)memory_map(bytes, PROT_READ | PROT_WRITE);

	(void)unused;
	become(1000);
	CHECK_ERRNO(poll(fds, MOST, 0), ENOMEM);
	CHECK(poll(fds, 2000, 0) == 0, "2,000 times a terminal without input");
}

int main(void)
{
	in_child(take, NULL);
	in_child(take_half, NULL);
	in_child(poll_many, NULL);
	in_child(take, NULL);
	say("descriptors are charged");
	return 0;
}
