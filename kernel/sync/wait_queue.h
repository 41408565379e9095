/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: threads that sleep until somebody says something changed.
 *
 *   sleeper:  WAIT_UNTIL(&queue, ready);          waker:  ready = true;
 *                                                         wait_wake_all(&queue);
 *
 * The condition is tested after the thread is on the queue, so a wake between test
 * and sleep is not lost. It is tested again after each wake: a wake is a hint.
 * Wakers may be interrupt handlers. The queue's own spinlock guards its list.
 *
 * Who wants to hear of wakes without sleeping there (poll, epoll) watches the queue: a function
 * is called at each wake, and stays on the queue.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "kernel/sync/spinlock.h"

struct thread;

struct wait_queue {
	struct spinlock lock;
	struct list waiters; /* of struct waiter, by link; guarded by lock */
};

#define WAIT_QUEUE_INIT(name) {.lock = SPINLOCK_INIT(#name), .waiters = LIST_INIT((name).waiters)}

struct waiter {
	struct list_link link;
	struct thread *thread;
	struct wait_queue *queue;
	bool (*woken)(struct waiter *, bool taken); /* of one that watches; NULL: the thread is woken */
};

#define WAIT_FOREVER UINT64_MAX

void wait_queue_init(struct wait_queue *);
/* Puts the current thread on the queue and marks it as about to sleep. A thread may
 * be on several queues (poll does it), with one waiter each. */
void wait_prepare(struct wait_queue *, struct waiter *);
/* Sleeps until woken, until the clock (clock_now(), ns) reaches `deadline`, or, if
 * interruptible, until thread_interrupt(). Returns 0, -ETIMEDOUT or -EINTR. Returns 0
 * at once if a wake came since the last wait_prepare. */
int wait_sleep(bool interruptible, uint64_t deadline);
/* Takes the waiter off its queue (if it is still there) and marks the thread running. */
void wait_finish(struct waiter *);

/* From now on `woken` is called at each wake, with the queue locked and interrupts off: it must not
 * touch a wait queue's waiters. It says whether it takes the wake: woke somebody, where one is enough.
 * Who comes after it is told that it is taken. Until wait_unwatch; also from another thread. */
void wait_watch(struct wait_queue *, struct waiter *, bool (*woken)(struct waiter *, bool taken));
void wait_unwatch(struct waiter *);
/* The queue is about to be freed, and nobody wakes it any more: whoever still watches it stays
 * unwoken, and may unwatch later. */
void wait_queue_end(struct wait_queue *);

/* Wake everyone / the longest waiter, and all who watch. Callable from interrupt handlers. */
void wait_wake_all(struct wait_queue *);
void wait_wake_one(struct wait_queue *);
/* Whether anyone waits: a hint, for statistics and for skipping a wake. */
bool wait_any(const struct wait_queue *);

/* Statement expression: sleeps until condition holds; 0, -EINTR or -ETIMEDOUT. The condition may
 * take what it asks for (a mutex): once it has held it is not evaluated again. */
#define WAIT_FOR(queue_, condition, interruptible_, deadline_)                  \
	({                                                                      \
		int wait_result_ = 0;                                           \
		struct waiter waiter_;                                          \
		bool holds_ = (condition);                                      \
		while (!holds_) {                                               \
			wait_prepare((queue_), &waiter_);                       \
			holds_ = (condition);                                   \
			if (!holds_)                                            \
				wait_result_ = wait_sleep((interruptible_),     \
				                          (deadline_));         \
			wait_finish(&waiter_);                                  \
			if (wait_result_)                                       \
				break;                                          \
			holds_ = holds_ || (condition);                         \
		}                                                               \
		wait_result_;                                                   \
	})
#define WAIT_UNTIL(queue_, condition) ((void)WAIT_FOR(queue_, condition, false, WAIT_FOREVER))
#define WAIT_INTERRUPTIBLE(queue_, condition) WAIT_FOR(queue_, condition, true, WAIT_FOREVER)
