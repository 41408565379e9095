/* SPDX-License-Identifier: MIT */
/* Mutexes: a compare-and-swap when free, a wait queue when not. The woken waiter
 * competes again, so the lock is never idle while somebody could run with it. */
#include "kernel/sync/mutex.h"

#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/lockorder.h"

void mutex_init(struct mutex *mutex, const char *name)
{
	mutex->owner = NULL;
	mutex->name = name;
	wait_queue_init(&mutex->waiters);
}

static bool take(struct mutex *mutex)
{
	struct thread *nobody = NULL;
	return __atomic_compare_exchange_n(&mutex->owner, &nobody, thread_current(), false,
	                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void mutex_lock_wait(struct mutex *mutex)
{
	if (mutex_held(mutex))
		panic("deadlock: mutex '%s' is taken a second time by its holder", mutex->name);
	ASSERT_MAY_SLEEP();
	thread_current()->waiting_for = mutex;
	WAIT_UNTIL(&mutex->waiters, take(mutex));
	thread_current()->waiting_for = NULL;
}

void mutex_unlock_wrongly(const struct mutex *mutex)
{
	panic("mutex '%s' is released by one who does not hold it", mutex->name);
}

static inline void lock(struct mutex *mutex, unsigned level, uintptr_t where)
{
	if (!mutex_held(mutex))
		lock_order_mutex_want(mutex, level, where);
	ASSERT_MAY_SLEEP();
	if (!take(mutex))
		mutex_lock_wait(mutex);
	lock_order_mutex_take(mutex, level, where);
}

void mutex_lock_nested(struct mutex *mutex, unsigned level)
{
	lock(mutex, level, (uintptr_t)__builtin_return_address(0));
}

#if !LOCKS_INLINE

void mutex_lock(struct mutex *mutex)
{
	lock(mutex, 0, (uintptr_t)__builtin_return_address(0));
}

void mutex_unlock(struct mutex *mutex)
{
	if (!mutex_held(mutex))
		mutex_unlock_wrongly(mutex);
	lock_order_mutex_release(mutex);
	/* Sequentially consistent: the look at the waiters must not come before it. */
	__atomic_store_n(&mutex->owner, NULL, __ATOMIC_SEQ_CST);
	if (wait_any(&mutex->waiters))
		wait_wake_one(&mutex->waiters);
}

#endif
