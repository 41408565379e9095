/* SPDX-License-Identifier: MIT */
/* Condition variables: a wait queue joined before the mutex is given up, so that a
 * signal between the two is not lost. */
#include "kernel/sync/condition.h"

#include "kernel/panic.h"

void condition_init(struct condition *condition)
{
	wait_queue_init(&condition->waiters);
}

static int wait(struct condition *condition, struct mutex *mutex, bool interruptible,
                uint64_t deadline)
{
	ASSERT_SAYING(mutex_held(mutex), "waiting on a condition without its mutex");
	struct waiter waiter;
	wait_prepare(&condition->waiters, &waiter);
	mutex_unlock(mutex);
	int result = wait_sleep(interruptible, deadline);
	wait_finish(&waiter);
	mutex_lock(mutex);
	return result;
}

void condition_wait(struct condition *condition, struct mutex *mutex)
{
	wait(condition, mutex, false, WAIT_FOREVER);
}

int condition_wait_interruptible(struct condition *condition, struct mutex *mutex,
                                 uint64_t deadline)
{
	return wait(condition, mutex, true, deadline);
}

void condition_signal(struct condition *condition)
{
	wait_wake_one(&condition->waiters);
}

void condition_broadcast(struct condition *condition)
{
	wait_wake_all(&condition->waiters);
}
