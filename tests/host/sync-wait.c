/* SPDX-License-Identifier: MIT */
/* host-cflags: -m32 */
/*
 * Waiting for a condition that takes what it asks for, as a mutex does: however late the condition
 * comes true, it is taken once. (It came true between the first look and the place in the queue,
 * was taken there, and asked for again: the thread waited for itself.)
 */
#include "kernel/sync/wait_queue.h"

#include <asm/errno.h>

#include "tests/host/tap.h"

static struct wait_queue queue;
static int free_at, now, taken, sleeps, prepared;

/* Free from a certain moment on; each look, place in the queue and sleep is a moment. */
static bool take(void)
{
	if (now++ < free_at || taken)
		return false;
	taken++;
	return true;
}

void wait_prepare(struct wait_queue *on, struct waiter *waiter)
{
	waiter->queue = on;
	prepared++;
	now++;
}

int wait_sleep(bool interruptible, uint64_t deadline)
{
	(void)deadline;
	now++;
	return ++sleeps < 10 ? 0 : interruptible ? -EINTR : -ETIMEDOUT;
}

void wait_finish(struct waiter *waiter)
{
	(void)waiter;
	prepared--;
	now++;
}

int main(void)
{
	bool good = true;
	for (free_at = 0; free_at < 20; free_at++) {
		now = taken = sleeps = 0;
		good = good && WAIT_FOR(&queue, take(), true, WAIT_FOREVER) == 0 && taken == 1;
		good = good && prepared == 0;
	}
	check_that(good, "taken once, whenever it becomes free");

	free_at = 1000;
	now = taken = sleeps = 0;
	CHECK(WAIT_INTERRUPTIBLE(&queue, take()) == -EINTR && taken == 0 && prepared == 0);
	sleeps = 0;
	CHECK(WAIT_FOR(&queue, take(), false, 5) == -ETIMEDOUT && taken == 0 && prepared == 0);
	return tap_done();
}
