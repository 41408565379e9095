/* SPDX-License-Identifier: MIT */
/* Clocks that count down (countdown.h). */
#include "userprog/countdown.h"

#include "kernel/sched/thread.h"
#include "userprog/process.h"

/* No countdown comes more often than that: a program cannot keep the processor busy with
 * interrupts. */
#define INTERVAL_LEAST 100000u

static struct list on_wall = LIST_INIT(on_wall); /* process_lock */

bool countdown_counts_use(const struct countdown *countdown)
{
	return countdown->clock == COUNT_PROCESSOR || countdown->clock == COUNT_USER;
}

static uint64_t used(const struct process *process, enum countdown_clock clock)
{
	struct usage usage = process_usage_locked(process);
	return clock == COUNT_USER ? usage.user_ns : usage.user_ns + usage.system_ns;
}

uint64_t countdown_now(const struct countdown *countdown)
{
	switch (countdown->clock) {
	case COUNT_WALL:
		return clock_realtime();
	case COUNT_PROCESSOR:
	case COUNT_USER:
		return used(countdown->process, countdown->clock);
	default:
		return clock_now();
	}
}

/* The thread is looked at when it may have used what the first of them waits for. In user mode
 * it uses no more than in all. */
static void watch_processor_locked(struct process *process)
{
	uint64_t least = UINT64_MAX;
	LIST_FOR (&process->countdowns, struct countdown, countdown, link) {
		uint64_t now = countdown_now(countdown);
		uint64_t left = countdown->deadline > now ? countdown->deadline - now : 0;
		least = left < least ? left : least;
	}
	/* Of several threads none knows what the others use: they are looked at at each tick. */
	if (process->living > 1 && least != UINT64_MAX)
		least = 0;
	LIST_FOR (&process->tasks, struct task, task, link)
		thread_watch_processor(task->thread, least);
}

void countdown_threads_changed_locked(struct process *process)
{
	if (!list_empty(&process->countdowns))
		watch_processor_locked(process);
}

static void start_timer(struct countdown *countdown)
{
	uint64_t deadline = countdown->deadline;
	if (countdown->clock == COUNT_WALL)
		deadline = clock_when_realtime(deadline);
	timer_set(&countdown->timer, deadline);
}

void countdown_set_locked(struct countdown *countdown, uint64_t deadline, uint64_t interval)
{
	countdown->deadline = deadline;
	countdown->interval = interval;
	countdown->started = true;
	countdown->rests = false;
	list_remove(&countdown->link);
	if (deadline && countdown_counts_use(countdown))
		list_append(&countdown->process->countdowns, &countdown->link);
	if (deadline && countdown->clock == COUNT_WALL)
		list_append(&on_wall, &countdown->link);
	if (countdown_counts_use(countdown))
		watch_processor_locked(countdown->process);
	else if (deadline)
		start_timer(countdown);
	/* One that was stopped may still ring: it will find that it has no deadline. */
}

void countdown_end(struct countdown *countdown)
{
	if (!countdown->started)
		return;
	uint32_t flags = spin_lock_irq(&process_lock);
	countdown_set_locked(countdown, 0, 0);
	spin_unlock_irq(&process_lock, flags);
	timer_cancel(&countdown->timer);
}

/* Also rings when it was set anew or stopped just before: then it is too early. */
static void ring(struct timer *timer)
{
	struct countdown *countdown = LIST_ENTRY(timer, struct countdown, timer);
	uint32_t flags = spin_lock_irq(&process_lock);
	if (countdown->deadline && countdown_now(countdown) >= countdown->deadline)
		countdown->expired(countdown);
	else if (countdown->deadline)
		start_timer(countdown);
	spin_unlock_irq(&process_lock, flags);
}

void countdown_init(struct countdown *countdown, enum countdown_clock clock,
                    struct process *process, void (*expired)(struct countdown *))
{
	*countdown = (struct countdown){.clock = clock, .process = process, .expired = expired};
	timer_init(&countdown->timer, ring);
	list_link_init(&countdown->link);
}

uint64_t countdown_times_locked(const struct countdown *countdown, uint64_t now)
{
	if (!countdown->interval || now <= countdown->deadline)
		return 1;
	return 1 + (now - countdown->deadline) / countdown->interval;
}

struct countdown_setting countdown_left_locked(const struct countdown *countdown, uint64_t now)
{
	struct countdown_setting setting = {.interval = countdown->interval};
	uint64_t deadline = countdown->deadline;
	if (!deadline)
		return setting;
	if (deadline <= now && countdown->interval)
		deadline += countdown_times_locked(countdown, now) * countdown->interval;
	setting.left = deadline > now ? deadline - now : 1;
	return setting;
}

uint64_t countdown_forward_locked(struct countdown *countdown)
{
	uint64_t interval = countdown->interval, now = countdown_now(countdown);
	if (!interval) {
		countdown_set_locked(countdown, 0, 0);
		return 1;
	}
	uint64_t times = countdown_times_locked(countdown, now);
	uint64_t next = countdown->deadline + times * interval;
	if (next < now + INTERVAL_LEAST && interval < INTERVAL_LEAST)
		next = now + INTERVAL_LEAST;
	countdown_set_locked(countdown, next, interval);
	return times;
}

void countdown_wall_changed(void)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	LIST_FOR(&on_wall, struct countdown, countdown, link)
		start_timer(countdown);
	spin_unlock_irq(&process_lock, flags);
}

/* One of the process's that is over, or NULL. */
static struct countdown *first_over_locked(struct process *process)
{
	LIST_FOR(&process->countdowns, struct countdown, countdown, link)
		if (countdown_now(countdown) >= countdown->deadline)
			return countdown;
	return NULL;
}

void countdown_processor_used(struct thread *thread)
{
	struct process *process = thread->process;
	struct countdown *countdown;
	if (!process)
		return;
	uint32_t flags = spin_lock_irq(&process_lock);
	while ((countdown = first_over_locked(process)))
		countdown->expired(countdown);
	watch_processor_locked(process);
	spin_unlock_irq(&process_lock, flags);
}
