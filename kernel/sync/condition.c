/* SPDX-License-Identifier: MIT */
/* Condition variables: the wait queue is joined before the mutex is given up, so that a broadcast
 * between the two is not lost. */
#include "kernel/sync/condition.h"

#include "kernel/panic.h"

void condition_init(struct condition *condition)
{
	wait_queue_init(&condition->waiters);
}

int condition_wait(struct condition *condition, struct mutex *mutex)
{
	return condition_wait_until(condition, mutex, WAIT_FOREVER);
}

int condition_wait_until(struct condition *condition, struct mutex *mutex, uint64_t deadline)
{
	ASSERT_SAYING(mutex_held(mutex), "waiting on a condition without its mutex");
	struct waiter waiter;
	wait_prepare(&condition->waiters, &waiter);
	mutex_unlock(mutex);
	int result = wait_sleep(true, deadline);
	wait_finish(&waiter);
	mutex_lock(mutex);
	return result;
}

void condition_broadcast(struct condition *condition)
{
	wait_wake_all(&condition->waiters);
}
