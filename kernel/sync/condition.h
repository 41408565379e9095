/* SPDX-License-Identifier: MIT */
/*
 * Condition variables, for state that a mutex guards:
 *
 *   mutex_lock(&lock);                            mutex_lock(&lock);
 *   while (!full && !error)                       full = true;
 *           error = condition_wait(&filled,       condition_broadcast(&filled);
 *                                  &lock);        mutex_unlock(&lock);
 *   mutex_unlock(&lock);
 *
 * Whoever was woken competes for the mutex again, and may find that another was faster: so the
 * state is tested in a loop (Mesa style). State that no mutex guards: wait_queue.h.
 * Sources: C. A. R. Hoare, "Monitors: An Operating System Structuring Concept", CACM 17(10),
 * 1974; B. W. Lampson and D. D. Redell, "Experience with Processes and Monitors in Mesa", CACM
 * 23(2), 1980.
 */
#pragma once

#include "kernel/sync/mutex.h"

struct condition {
	struct wait_queue waiters; /* poll joins it, too */
};

void condition_init(struct condition *);
/* Gives up the mutex, sleeps until the broadcast or until thread_interrupt(), takes it again.
 * 0 or -EINTR. */
int condition_wait(struct condition *, struct mutex *);
/* The same, no longer than until the clock reaches `deadline` (ns): -ETIMEDOUT. */
int condition_wait_until(struct condition *, struct mutex *, uint64_t deadline);
/* Wakes all who wait; with or without the mutex. */
void condition_broadcast(struct condition *);
