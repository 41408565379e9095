/* SPDX-License-Identifier: MIT */
/* Timeouts: a list in order of deadline, looked at by every tick. `expire` runs with the
 * lock let go, so that it may set timers, its own included. */
#include "kernel/time/timer.h"

#include "kernel/cpu/cpu.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/clock.h"

static struct spinlock lock = SPINLOCK_INIT("timers");
/* Guarded by lock. */
static struct list timers = LIST_INIT(timers);
static struct timer *volatile expiring; /* whose expire runs now */
static struct cpu *expiring_on;

void timer_init(struct timer *timer, void (*expire)(struct timer *))
{
	list_link_init(&timer->link);
	timer->deadline = 0;
	timer->expire = expire;
}

/* The link in front of which a timer of this deadline belongs. Lock held. */
static struct list_link *place_for(uint64_t deadline)
{
	LIST_FOR(&timers, struct timer, timer, link)
		if (timer->deadline > deadline)
			return &timer->link;
	return &timers.head;
}

void timer_set(struct timer *timer, uint64_t deadline_ns)
{
	uint32_t flags = spin_lock_irq(&lock);
	list_remove(&timer->link);
	timer->deadline = deadline_ns;
	list_insert_before(place_for(deadline_ns), &timer->link);
	spin_unlock_irq(&lock, flags);
}

void timer_cancel(struct timer *timer)
{
	uint32_t flags = spin_lock_irq(&lock);
	list_remove(&timer->link);
	bool elsewhere = expiring == timer && expiring_on != this_cpu();
	spin_unlock_irq(&lock, flags);
	while (elsewhere && expiring == timer)
		__asm__ volatile("pause");
}

void timers_expire(uint64_t now)
{
	uint32_t flags = spin_lock_irq(&lock);
	struct list_link *link;
	while ((link = list_first(&timers))) {
		struct timer *timer = LIST_ENTRY(link, struct timer, link);
		if (timer->deadline > now)
			break;
		list_remove(link);
		expiring = timer;
		expiring_on = this_cpu();
		spin_unlock_irq(&lock, flags);
		timer->expire(timer);
		flags = spin_lock_irq(&lock);
		expiring = NULL;
	}
	spin_unlock_irq(&lock, flags);
}
