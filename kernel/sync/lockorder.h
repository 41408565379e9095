/* SPDX-License-Identifier: MIT */
/*
 * The lock-order checker of debug builds; in other builds every call below is empty.
 *
 * Locks of one name form a class. Who takes b while he holds a has shown that a comes before
 * b. These orders are noted for ever, and an acquisition that contradicts them stops the
 * kernel, naming both: so a deadlock that would need two threads to meet at an unlucky
 * moment is found when each has run once, alone. It also finds
 *
 *   - two locks of one class held at once, unless the inner one is taken with
 *     mutex_lock_nested, which states how deep it is in an order that its owner guarantees
 *     (a directory before what is in it): each level is a class of its own
 *   - a mutex wanted while a spinlock is held
 *   - a spinlock that interrupt handlers take, and that is also taken with interrupts on, or
 *     that is held while one is taken that is: the handler would wait for its own processor
 *   - a mutex still held when a thread ends or returns to its program.
 *
 * Not seen: waiting for something else than a lock (a busy frame, a condition).
 * Source of the idea: Witness of FreeBSD and lockdep of Linux (Documentation/locking).
 */
#pragma once

#include "lib/types.h"

struct mutex;
struct spinlock;

#ifdef PAGODA_DEBUG

#define LOCKS_HELD_MAX 16

/* The spinlocks that a CPU holds, and the mutexes that a thread holds. */
struct locks_held {
	uint32_t count;
	struct lock_held {
		const void *lock;
		uintptr_t where; /* the return address of its taking */
		uint8_t class;
	} locks[LOCKS_HELD_MAX];
};

/* Preemption off; before the lock is tried for. */
void lock_order_spin_take(struct spinlock *, uintptr_t where);
void lock_order_spin_release(struct spinlock *);
/* Before the mutex is tried for / when it was got / before it is let
 * go. `level`: how many locks of its class may be held already. */
void lock_order_mutex_want(struct mutex *, unsigned level, uintptr_t where);
void lock_order_mutex_take(struct mutex *, unsigned level, uintptr_t where);
void lock_order_mutex_release(struct mutex *);
/* The current thread must hold no lock at such a moment. */
void lock_order_expect_none(const char *moment);

#else

static inline void lock_order_spin_take(struct spinlock *lock, uintptr_t where)
{
	(void)lock;
	(void)where;
}

static inline void lock_order_spin_release(struct spinlock *lock)
{
	(void)lock;
}

static inline void lock_order_mutex_want(struct mutex *mutex, unsigned level, uintptr_t where)
{
	(void)mutex;
	(void)level;
	(void)where;
}

static inline void lock_order_mutex_take(struct mutex *mutex, unsigned level, uintptr_t where)
{
	(void)mutex;
	(void)level;
	(void)where;
}

static inline void lock_order_mutex_release(struct mutex *mutex)
{
	(void)mutex;
}

static inline void lock_order_expect_none(const char *moment)
{
	(void)moment;
}

#endif
