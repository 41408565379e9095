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
void mutex_lock(struct mutex *);       /* may sleep */
/* The same for one whose holder may have up to `level` others of the same name, all taken in
 * an order that whoever gives the name guarantees. A declaration for lockorder.h alone. */
void mutex_lock_nested(struct mutex *, unsigned level);
bool mutex_try_lock(struct mutex *);   /* never sleeps; true if taken */
void mutex_unlock(struct mutex *);
/* By the current thread: for ASSERT. */
static inline bool mutex_held(const struct mutex *mutex)
{
	return mutex->owner == this_cpu()->current;
}

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
