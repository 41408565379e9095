/* SPDX-License-Identifier: MIT */
/*
 * Timeouts, and the ticks. The machine's timer is told of the earliest of what is to come: of the
 * deadlines, which lie in a heap, and the next tick, if a thread runs that wants it. While nothing
 * is to come it does not ring.
 *
 * `expire` runs with the lock let go, so that it may set timers, its own included.
 */
#include "kernel/time/timer.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/trap.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/clock.h"
#include "kernel/time/oneshot.h"
#include "kernel/time/seconds.h"

#define NEVER UINT64_MAX
#define TICK_NS (NS_PER_SECOND / TICKS_PER_SECOND)

static struct spinlock lock = SPINLOCK_INIT("timers");
/* Guarded by lock. */
static struct heap timers;      /* the timer rings for these */
static struct heap patient;     /* and for these not: they wait for the next interrupt */
static struct timer *volatile expiring; /* whose expire runs now */
static struct cpu *expiring_on;

/* This processor's, with interrupts off. */
static uint64_t rings_at = NEVER; /* when the machine's timer will ring */
static uint64_t next_tick = NEVER; /* NEVER: it is idle */

static void ring_at(uint64_t deadline)
{
	if (deadline >= rings_at)
		return;
	uint64_t now = clock_now();
	rings_at = deadline;
	oneshot_start(deadline > now ? deadline - now : 0);
}

void timer_init(struct timer *timer, void (*expire)(struct timer *))
{
	*timer = (struct timer){.expire = expire};
	heap_node_init(&timer->node);
}

static struct heap *heap_of(const struct timer *timer)
{
	return timer->patient ? &patient : &timers;
}

void timer_set(struct timer *timer, uint64_t deadline_ns)
{
	uint32_t flags = spin_lock_irq(&lock);
	heap_remove(heap_of(timer), &timer->node);
	timer->node.key = deadline_ns;
	heap_insert(heap_of(timer), &timer->node);
	if (!timer->patient)
		ring_at(deadline_ns);
	spin_unlock_irq(&lock, flags);
}

void timer_cancel(struct timer *timer)
{
	uint32_t flags = spin_lock_irq(&lock);
	heap_remove(heap_of(timer), &timer->node);
	bool elsewhere = expiring == timer && expiring_on != this_cpu();
	spin_unlock_irq(&lock, flags);
	while (elsewhere && expiring == timer)
		__asm__ volatile("pause");
}

/* The first one that is due, taken out; NULL: none. Lock held. */
static struct timer *take_due(struct heap *heap, uint64_t now)
{
	struct heap_node *first = heap_first(heap);
	if (!first || first->key > now)
		return NULL;
	heap_remove(heap, first);
	return HEAP_ENTRY(first, struct timer, node);
}

/* Lets ring what is due. When the next one is due. */
static uint64_t expire_due(uint64_t now)
{
	struct timer *timer;
	spin_lock(&lock);
	while ((timer = take_due(&timers, now)) || (timer = take_due(&patient, now))) {
		expiring = timer;
		expiring_on = this_cpu();
		spin_unlock(&lock);
		timer->expire(timer);
		spin_lock(&lock);
		expiring = NULL;
	}
	struct heap_node *first = heap_first(&timers);
	uint64_t next = first ? first->key : NEVER;
	spin_unlock(&lock);
	return next;
}

/* The first whole hundredth after `now`. */
static uint64_t tick_after(uint64_t now)
{
	return now - now % TICK_NS + TICK_NS;
}

static void tick_if_due(uint64_t now)
{
	const struct cpu *cpu = this_cpu();
	if (now < next_tick)
		return;
	next_tick = cpu->current == cpu->idle ? NEVER : tick_after(now);
	if (next_tick != NEVER)
		thread_tick(trap_from_user(cpu->interrupted));
}

/* In the interrupt, which may have come too early. */
static void ring(void)
{
	uint64_t now = clock_now();
	rings_at = NEVER;
	seconds_update();
	uint64_t next = expire_due(now);
	tick_if_due(now);
	ring_at(next < next_tick ? next : next_tick);
}

void ticks_start(void)
{
	if (next_tick != NEVER)
		return;
	next_tick = tick_after(clock_now());
	ring_at(next_tick);
}

void timer_start_up(void)
{
	oneshot_init(ring);
	ticks_start();
}
