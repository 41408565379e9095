/* SPDX-License-Identifier: MIT */
/*
 * Mutexes: locks whose waiters sleep, and which may be held across a sleep. The owner
 * is known, so a second lock by the same thread is an error that says so.
 */
#pragma once

#include "kernel/sync/wait_queue.h"

struct mutex {
	struct thread *volatile owner; /* NULL: free; set by compare-and-swap */
	struct wait_queue waiters;
	const char *name;
#ifdef PAGODA_DEBUG
	uint8_t order_class; /* lockorder.c's: the class of its name */
#endif
};

#define MUTEX_INIT(variable, name_) \
	{.waiters = WAIT_QUEUE_INIT((variable).waiters), .name = (name_)}

void mutex_init(struct mutex *, const char *name);
/* The same as mutex_lock for one whose holder may have up to `level` others of the same name, all
 * taken in an order that whoever gives the name guarantees. A declaration for lockorder.h alone. */
void mutex_lock_nested(struct mutex *, unsigned level);
/* By the current thread: for ASSERT. */
static inline bool mutex_held(const struct mutex *mutex)
{
	return mutex->owner == this_cpu()->current;
}

/* The mutex was not free: sleeps until it is. */
void mutex_lock_wait(struct mutex *);
_Noreturn void mutex_unlock_wrongly(const struct mutex *);

/* A free mutex is taken, and one that nobody waits for is let go, where that is asked for
 * (spinlock.h). */
#if LOCKS_INLINE

static inline void mutex_lock(struct mutex *mutex)
{
	struct thread *nobody = NULL;
	if (__builtin_expect(!__atomic_compare_exchange_n(&mutex->owner, &nobody,
	                                                  this_cpu()->current, false,
	                                                  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED),
	                     false))
		mutex_lock_wait(mutex);
}

static inline void mutex_unlock(struct mutex *mutex)
{
	if (__builtin_expect(!mutex_held(mutex), false))
		mutex_unlock_wrongly(mutex);
	/* Sequentially consistent: the look at the waiters must not come before it. */
	__atomic_store_n(&mutex->owner, NULL, __ATOMIC_SEQ_CST);
	if (__builtin_expect(!list_empty(&mutex->waiters.waiters), false))
		wait_wake_one(&mutex->waiters);
}

#else

void mutex_lock(struct mutex *);       /* may sleep */
void mutex_unlock(struct mutex *);

#endif

/* Holds the mutex to the end of the enclosing block, whichever way it is left. */
static inline void mutex_scope_end(struct mutex **mutex)
{
	mutex_unlock(*mutex);
}
#define SCOPED_MUTEX_NAME_(line) mutex_scope_##line
#define SCOPED_MUTEX_LINE_(line, held)                                          \
	struct mutex *SCOPED_MUTEX_NAME_(line)                                  \
		__attribute__((cleanup(mutex_scope_end), unused)) = (held);     \
	mutex_lock(SCOPED_MUTEX_NAME_(line))
#define SCOPED_MUTEX_(line, held) SCOPED_MUTEX_LINE_(line, held)
#define SCOPED_MUTEX(held) SCOPED_MUTEX_(__LINE__, held)
