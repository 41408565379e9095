/* SPDX-License-Identifier: MIT */
/*
 * Wait queues. A wake takes the waiter off the queue, so that two wake_one reach two
 * threads; the sleeper takes its own waiter off under the same lock, so a waker never
 * touches a waiter that is gone. Lock order: queue -> run queue.
 */
#include "kernel/sync/wait_queue.h"

#include <asm/errno.h>

#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"

/* Outside of a queue's lock: whether the queue that somebody watches is still there. */
static struct spinlock ending_lock = SPINLOCK_INIT("wait queue ends");

struct alarm {
	struct timer timer;
	struct thread *thread;
};

void wait_queue_init(struct wait_queue *queue)
{
	spinlock_init(&queue->lock, "wait queue");
	list_init(&queue->waiters);
}

void wait_prepare(struct wait_queue *queue, struct waiter *waiter)
{
	ASSERT_MAY_SLEEP();
	struct thread *thread = thread_current();
	waiter->thread = thread;
	waiter->queue = queue;
	waiter->woken = NULL;
	list_link_init(&waiter->link);
	/* A wake from a queue joined before must not be forgotten. */
	if (thread->waits++ == 0)
		thread_forget_wake();
	uint32_t flags = spin_lock_irq(&queue->lock);
	list_append(&queue->waiters, &waiter->link);
	spin_unlock_irq(&queue->lock, flags);
}

static void alarm_ring(struct timer *timer)
{
	thread_wake(LIST_ENTRY(timer, struct alarm, timer)->thread, WOKEN_BY_TIMER);
}

static int result_of(uint32_t reasons)
{
	if (reasons & WOKEN_BY_WAKER)
		return 0;
	return reasons & WOKEN_BY_TIMER ? -ETIMEDOUT : -EINTR;
}

int wait_sleep(bool interruptible, uint64_t deadline)
{
	ASSERT_MAY_SLEEP();
	if (deadline == WAIT_FOREVER)
		return result_of(thread_block(interruptible));

	struct alarm alarm = {.thread = thread_current()};
	timer_init(&alarm.timer, alarm_ring);
	if (clock_now() >= deadline)
		thread_wake(alarm.thread, WOKEN_BY_TIMER);
	else
		timer_set(&alarm.timer, deadline);
	alarm.thread->timed = true;
	int result = result_of(thread_block(interruptible));
	alarm.thread->timed = false;
	timer_cancel(&alarm.timer);
	return result;
}

void wait_finish(struct waiter *waiter)
{
	uint32_t flags = spin_lock_irq(&waiter->queue->lock);
	list_remove(&waiter->link);
	spin_unlock_irq(&waiter->queue->lock, flags);
	thread_current()->waits--;
}

/* Whether that was a thread's. `taken`: one that watches took the wake. Queue locked. */
static bool wake(struct waiter *waiter, bool *taken)
{
	if (waiter->woken) {
		*taken |= waiter->woken(waiter, *taken);
		return false;
	}
	list_remove(&waiter->link);
	thread_wake(waiter->thread, WOKEN_BY_WAKER);
	return true;
}

void wait_wake_all(struct wait_queue *queue)
{
	bool taken = false;
	uint32_t flags = spin_lock_irq(&queue->lock);
	LIST_FOR_SAFE(&queue->waiters, struct waiter, waiter, link)
		wake(waiter, &taken);
	spin_unlock_irq(&queue->lock, flags);
}

void wait_wake_one(struct wait_queue *queue)
{
	bool taken = false;
	uint32_t flags = spin_lock_irq(&queue->lock);
	LIST_FOR_SAFE(&queue->waiters, struct waiter, waiter, link)
		if (wake(waiter, &taken))
			break;
	spin_unlock_irq(&queue->lock, flags);
}

/* Those who watch stand in front, so that wait_wake_one passes them all. */
void wait_watch(struct wait_queue *queue, struct waiter *waiter,
                bool (*woken)(struct waiter *, bool taken))
{
	waiter->queue = queue;
	waiter->woken = woken;
	uint32_t flags = spin_lock_irq(&queue->lock);
	list_prepend(&queue->waiters, &waiter->link);
	spin_unlock_irq(&queue->lock, flags);
}

void wait_unwatch(struct waiter *waiter)
{
	uint32_t flags = spin_lock_irq(&ending_lock);
	struct wait_queue *queue = waiter->queue;
	if (queue) {
		spin_lock(&queue->lock);
		list_remove(&waiter->link);
		spin_unlock(&queue->lock);
	}
	spin_unlock_irq(&ending_lock, flags);
}

void wait_queue_end(struct wait_queue *queue)
{
	uint32_t flags = spin_lock_irq(&ending_lock);
	spin_lock(&queue->lock);
	for (struct list_link *link; (link = list_pop(&queue->waiters)) != NULL;)
		LIST_ENTRY(link, struct waiter, link)->queue = NULL;
	spin_unlock(&queue->lock);
	spin_unlock_irq(&ending_lock, flags);
}

bool wait_any(const struct wait_queue *queue)
{
	return !list_empty(&queue->waiters);
}
