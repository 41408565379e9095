/* SPDX-License-Identifier: MIT */
/* Locks for reading and writing: see rwlock.h. */
#include "kernel/sync/rwlock.h"

void rwlock_init(struct rwlock *lock, const char *name)
{
	mutex_init(&lock->turn, name);
	lock->readers = 0;
	wait_queue_init(&lock->left);
}

void rwlock_await_readers(struct rwlock *lock)
{
	WAIT_UNTIL(&lock->left, lock->readers == 0);
}

void rwlock_last_left(struct rwlock *lock)
{
	if (wait_any(&lock->left))
		wait_wake_one(&lock->left);
}

void rwlock_await_turn(struct rwlock *lock)
{
	if (__atomic_sub_fetch(&lock->readers, 1, __ATOMIC_SEQ_CST) == 0)
		rwlock_last_left(lock);
	mutex_lock(&lock->turn);
	__atomic_fetch_add(&lock->readers, 1, __ATOMIC_SEQ_CST);
	mutex_unlock(&lock->turn);
}
