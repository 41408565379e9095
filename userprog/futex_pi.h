/* SPDX-License-Identifier: MIT */
/*
 * Futexes that are locks with an owner: futex(2), "Priority-inheritance futexes". The word holds
 * the owner's thread id, and the kernel passes the lock on. Nothing is inherited here, since all
 * threads have equal slices: who waits longest is next.
 */
#pragma once

#include "lib/types.h"

struct thread;

/* All of them take words of the current space, and may sleep. `deadline`: clock_now() that ends
 * the wait; WAIT_FOREVER. A wait that a signal ends is to be begun anew, -ERESTARTNOINTR. */

/* FUTEX_LOCK_PI and, if `tries`, FUTEX_TRYLOCK_PI, which says -EAGAIN rather than wait. 0,
 * -EFAULT, -EINVAL, -EDEADLK, -ESRCH (no such owner), -EPERM (no thread of a program), -ETIMEDOUT. */
int futex_lock_pi(uintptr_t address, bool private, bool tries, uint64_t deadline);
/* 0, -EPERM: the caller is not its owner, -EINVAL, -EFAULT. */
int futex_unlock_pi(uintptr_t address, bool private);
/* Waits, if the word has the value, to be moved to the other word, a lock, and has that when it
 * comes back with 0. -EAGAIN: the value was another one, or a signal came after the move. */
int futex_wait_requeue_pi(uintptr_t address, bool private, uint32_t value, uintptr_t lock,
                          uint64_t deadline);
/* If the word has the value, gives the lock to the first who waits for that, if it is free, and
 * moves up to `most` others to it. How many both were, or -EAGAIN and as futex_lock_pi. */
int futex_requeue_pi(uintptr_t address, bool private, int wake, int most, uintptr_t lock,
                     uint32_t value);
/* The thread ends, or runs another program: each lock that somebody waits for is passed on, marked
 * FUTEX_OWNER_DIED. If it ends it has left its space before, and is no owner from here on. May
 * sleep. */
void futex_locks_pass_on(struct thread *);
