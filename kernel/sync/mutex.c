/* SPDX-License-Identifier: MIT */
/* Mutexes: a compare-and-swap when free, a wait queue when not. The woken waiter
 * competes again, so the lock is never idle while somebody could run with it. */
#include "kernel/sync/mutex.h"

#include "kernel/panic.h"
#include "kernel/sched/thread.h"

void mutex_init(struct mutex *mutex, const char *name)
{
	mutex->owner = NULL;
	mutex->name = name;
	wait_queue_init(&mutex->waiters);
}

bool mutex_try_lock(struct mutex *mutex)
{
	struct thread *nobody = NULL;
	return __atomic_compare_exchange_n(&mutex->owner, &nobody, thread_current(), false,
	                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void mutex_lock(struct mutex *mutex)
{
	ASSERT_MAY_SLEEP();
	if (mutex_try_lock(mutex))
		return;
	if (mutex_held(mutex))
		panic("deadlock: mutex '%s' is taken a second time by its holder", mutex->name);
	thread_current()->waiting_for = mutex;
	WAIT_UNTIL(&mutex->waiters, mutex_try_lock(mutex));
	thread_current()->waiting_for = NULL;
}

void mutex_unlock(struct mutex *mutex)
{
	if (!mutex_held(mutex))
		panic("mutex '%s' is released by one who does not hold it", mutex->name);
	/* Sequentially consistent: the look at the waiters must not come before it. */
	__atomic_store_n(&mutex->owner, NULL, __ATOMIC_SEQ_CST);
	if (wait_any(&mutex->waiters))
		wait_wake_one(&mutex->waiters);
}

bool mutex_held(const struct mutex *mutex)
{
	return mutex->owner == thread_current();
}
