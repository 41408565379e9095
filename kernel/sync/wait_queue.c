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
	int result = result_of(thread_block(interruptible));
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

/* Queue locked. */
static bool wake_first(struct wait_queue *queue)
{
	struct list_link *link = list_pop(&queue->waiters);
	if (link)
		thread_wake(LIST_ENTRY(link, struct waiter, link)->thread, WOKEN_BY_WAKER);
	return link;
}

void wait_wake_all(struct wait_queue *queue)
{
	uint32_t flags = spin_lock_irq(&queue->lock);
	while (wake_first(queue))
		continue;
	spin_unlock_irq(&queue->lock, flags);
}

void wait_wake_one(struct wait_queue *queue)
{
	uint32_t flags = spin_lock_irq(&queue->lock);
	wake_first(queue);
	spin_unlock_irq(&queue->lock, flags);
}

bool wait_any(const struct wait_queue *queue)
{
	return !list_empty(&queue->waiters);
}
