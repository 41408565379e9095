/* SPDX-License-Identifier: MIT */
/*
 * Who waits for which word: what futex.c and futex_pi.c have in common.
 *
 * A waiter is of one of three kinds. It wants to be woken; or it wants a lock that has an owner,
 * FUTEX_LOCK_PI; or it wants to be woken by being moved to such a lock, FUTEX_WAIT_REQUEUE_PI.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait_queue.h"

struct page_source;
struct spt;
struct thread;

struct futex_key {
	struct page_source *source; /* with a reference; NULL: the word is private */
	const struct spt *spt;      /* of a private one: the caller's own, which stays */
	uint64_t place;
};

struct futex_waiter {
	struct list_link link;
	struct futex_key key; /* it may be moved to another word */
	uint32_t bits;
	struct wait_queue queue;
	struct wait_queue *shared_queue; /* which is woken instead, that of several; or NULL */
	bool woken;           /* of a lock: it has been given it */

	/* Of one that wants a lock; futex_pi.c's. */
	struct thread *thread;            /* its own; NULL: it wants to be woken, only */
	struct thread *owner;             /* who has the lock; NULL: it waits to be moved */
	const struct futex_key *moves_to; /* until it is moved; NULL: a lock from the start */
	bool unsettled;                   /* it was given the lock, which does not say so yet */
};

extern struct spinlock futex_lock;
extern struct list futex_waiters; /* futex_lock; and what they hold, but for constants */

/* The word at the address of the current space; futex_key_put when done. `private`: as
 * FUTEX_PRIVATE_FLAG says. 0, -EINVAL, -EFAULT. May sleep. */
int futex_key_of(uintptr_t address, bool private, struct futex_key *);
void futex_key_get(const struct futex_key *);
/* May sleep. */
void futex_key_put(const struct futex_key *);
bool futex_same_key(const struct futex_key *, const struct futex_key *);

/* Enters it as one of those that wait; its key, its kind and its bits are set. */
void futex_enter(struct futex_waiter *);
/* Sleeps until it is woken; 0, -EINTR, -ETIMEDOUT. It stays entered. */
int futex_sleep(struct futex_waiter *, uint64_t deadline);
