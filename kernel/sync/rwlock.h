/* SPDX-License-Identifier: MIT */
/*
 * Locks that many may hold for reading at once, or one for writing. Their waiters sleep, and they
 * may be held across a sleep.
 *
 *   a writer:  takes the turn, waits until the readers have left, and keeps the turn
 *   a reader:  is counted; if somebody has the turn it is not, waits for the turn, is counted then,
 *              and passes the turn on at once
 *
 * So a writer waits for those who read already, and whoever comes after it waits behind it: neither
 * side starves the other. Each says first that it is there and looks for the other then, so of two
 * who come at once at least one sees the other. Who reads must not take the lock a second time: a
 * writer may stand between.
 * Source of the idea: the turnstile of A. Downey, "The Little Book of Semaphores", 4.2.
 */
#pragma once

#include "kernel/sync/lockorder.h"
#include "kernel/sync/mutex.h"

struct rwlock {
	struct mutex turn;
	volatile uint32_t readers;  /* atomic */
	struct wait_queue left;     /* a writer waits here for them */
};

void rwlock_init(struct rwlock *, const char *name);
void rwlock_await_readers(struct rwlock *); /* for the next alone */
static inline void rwlock_drain(struct rwlock *lock) /* for the two after it: has the turn */
{
	if (__builtin_expect(lock->readers != 0, false))
		rwlock_await_readers(lock);
}
/* For writing: alone. May sleep. */
static inline void rwlock_write(struct rwlock *lock)
{
	mutex_lock(&lock->turn);
	rwlock_drain(lock);
}
/* The same for one whose writer may hold `level` others of the name: mutex_lock_nested. */
static inline void rwlock_write_nested(struct rwlock *lock, unsigned level)
{
	mutex_lock_nested(&lock->turn, level);
	rwlock_drain(lock);
}
static inline void rwlock_write_end(struct rwlock *lock)
{
	mutex_unlock(&lock->turn);
}
/* Whether the current thread holds it for writing. */
static inline bool rwlock_written(const struct rwlock *lock)
{
	return mutex_held(&lock->turn);
}

/* For reading: beside others who read. May sleep. Sequentially consistent, all of it: the look at the
 * other side must not come before one's own mark. */
void rwlock_await_turn(struct rwlock *); /* for the next alone, as is the one after it */
void rwlock_last_left(struct rwlock *);
static inline void rwlock_read(struct rwlock *lock)
{
	lock_order_mutex_want(&lock->turn, 0, (uintptr_t)__builtin_return_address(0));
	__atomic_fetch_add(&lock->readers, 1, __ATOMIC_SEQ_CST);
	if (__builtin_expect(lock->turn.owner != NULL, false))
		rwlock_await_turn(lock);
	lock_order_mutex_take(&lock->turn, 0, (uintptr_t)__builtin_return_address(0));
}
static inline void rwlock_read_end(struct rwlock *lock)
{
	lock_order_mutex_release(&lock->turn);
	if (__atomic_sub_fetch(&lock->readers, 1, __ATOMIC_SEQ_CST) == 0 &&
	    __builtin_expect(lock->turn.owner != NULL, false))
		rwlock_last_left(lock);
}

/* For ASSERT: the current thread holds it, or somebody reads, which may be the current thread. */
static inline bool rwlock_held(const struct rwlock *lock)
{
	return rwlock_written(lock) || lock->readers > 0;
}

/* Held for writing to the end of the enclosing block, whichever way it is left. */
static inline void rwlock_write_scope_end(struct rwlock **lock)
{
	rwlock_write_end(*lock);
}
#define SCOPED_WRITE_LINE_(line, held)                                          \
	struct rwlock *SCOPED_MUTEX_NAME_(line)                                 \
		__attribute__((cleanup(rwlock_write_scope_end), unused)) = (held); \
	rwlock_write(SCOPED_MUTEX_NAME_(line))
#define SCOPED_WRITE_(line, held) SCOPED_WRITE_LINE_(line, held)
#define SCOPED_WRITE(held) SCOPED_WRITE_(__LINE__, held)
