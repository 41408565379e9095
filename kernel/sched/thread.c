/* SPDX-License-Identifier: MIT */
/* Threads as such: made, listed, numbered, ended. Which one runs is schedule.c's. */
#include "kernel/sched/thread.h"

#include <asm/errno.h>

#include "kernel/cpu/cpu.h"
#include "kernel/mem/kmap.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/schedule.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait_queue.h"
#include "kernel/time/clock.h"
#include "lib/string.h"

#define IDS_MOST 32768u  /* numbers a 32-bit Linux has: 8 for each byte of a page */
#define IDS_LEAST 301u   /* as there */

extern char boot_stack[]; /* kmap.c */

struct thread boot_thread = {
	.state = THREAD_RUNNING,
	.watch_ns = UINT64_MAX,
	.name = "boot",
};

static struct slab_cache thread_cache = SLAB_CACHE("thread", sizeof(struct thread));
static pid_t (*id_hook)(pid_t);

static struct spinlock threads_lock = SPINLOCK_INIT("threads");
/* Guarded by threads_lock. */
static struct list threads = LIST_INIT(threads);
static uint32_t thread_total;
static pid_t id_max = IDS_MOST - 1; /* the highest that is given out */
static pid_t last_id = 1; /* 1 is process 1's, whenever it starts */
static pid_t free_end;    /* nobody has a number from behind last_id to here */

static void thread_list(struct thread *thread)
{
	uint32_t flags = spin_lock_irq(&threads_lock);
	list_append(&threads, &thread->all_link);
	thread_total++;
	spin_unlock_irq(&threads_lock, flags);
}

static void thread_unlist(struct thread *thread)
{
	uint32_t flags = spin_lock_irq(&threads_lock);
	list_remove(&thread->all_link);
	thread_total--;
	spin_unlock_irq(&threads_lock, flags);
}

/* What context_switch will take off the new stack: four registers, the address where
 * the thread begins, and the return address that its first C frame expects. */
static void stack_prepare(struct thread *thread)
{
	uint32_t *top = (uint32_t *)((uintptr_t)thread_user_frame(thread) & ~15u);
	*--top = 0;
	*--top = (uint32_t)thread_begin;
	for (int i = 0; i < 4; i++)
		*--top = 0;
	thread->context = top;
}

static struct thread *thread_make(const char *name, pid_t id, void (*start)(void *),
                                  void *argument)
{
	struct thread *thread = slab_alloc_zeroed(&thread_cache);
	if (!thread)
		return NULL;
	thread->stack = kmap_stack_alloc();
	if (!thread->stack) {
		slab_free(&thread_cache, thread);
		return NULL;
	}
	thread->id = id;
	thread->state = THREAD_SLEEPING;
	thread->watch_ns = UINT64_MAX;
	thread->start = start;
	thread->argument = argument;
	strlcpy(thread->name, name, sizeof(thread->name));
	list_link_init(&thread->run_link);
	stack_prepare(thread);
	thread_list(thread);
	return thread;
}

void thread_init(void)
{
	boot_thread.stack = (uintptr_t)boot_stack;
	list_link_init(&boot_thread.run_link);
	cpu_set_kernel_stack(boot_thread.stack + THREAD_STACK_SIZE);
	thread_list(&boot_thread);
	struct thread *idle = thread_make("idle", 0, idle_loop, NULL);
	ASSERT_SAYING(idle, "no memory for the idle thread");
	this_cpu()->idle = idle;
}

struct thread *thread_create_stopped(const char *name, void (*start)(void *), void *argument)
{
	return thread_make(name, thread_new_id(), start, argument);
}

struct thread *thread_create(const char *name, void (*start)(void *), void *argument)
{
	struct thread *thread = thread_create_stopped(name, start, argument);
	if (thread)
		thread_start(thread);
	return thread;
}

void thread_free(struct thread *thread)
{
	kfree(thread->fpu);
	if (thread == &boot_thread)
		return;
	kmap_stack_free(thread->stack);
	slab_free(&thread_cache, thread);
}

void thread_discard(struct thread *thread)
{
	ASSERT_SAYING(thread->state == THREAD_SLEEPING, "discarding a thread that was started");
	thread_unlist(thread);
	thread_free(thread);
}

void thread_exit(void)
{
	lock_order_expect_none("ends");
	ASSERT_SAYING(thread_may_sleep(), "ending with a spinlock held or in an interrupt");
	thread_unlist(thread_current());
	thread_die();
}

void thread_sleep_until(uint64_t deadline_ns)
{
	thread_forget_wake();
	while (clock_now() < deadline_ns)
		wait_sleep(false, deadline_ns);
}

void thread_set_space(struct spt *spt, physaddr_t directory)
{
	preempt_disable();
	struct thread *thread = thread_current();
	thread->spt = spt;
	thread->cr3 = directory;
	if (directory)
		cpu_load_directory(directory);
	preempt_enable();
}

/* The lowest number >= from that a thread has; id_max + 1: none. */
static pid_t next_thread_id(pid_t from)
{
	pid_t lowest = id_max + 1;
	uint32_t flags = spin_lock_irq(&threads_lock);
	LIST_FOR(&threads, struct thread, thread, all_link)
		if (thread->id >= from && thread->id < lowest)
			lowest = thread->id;
	spin_unlock_irq(&threads_lock, flags);
	return lowest;
}

static pid_t id_after(pid_t id)
{
	return id < id_max ? id + 1 : 2;
}

/* The numbers given out go round, so those from the last one to the next that is in use stay
 * free meanwhile: only when they are used up must all be looked at again. The idea is from the
 * fork of 4.4BSD. */
pid_t thread_new_id(void)
{
	for (;;) {
		uint32_t flags = spin_lock_irq(&threads_lock);
		pid_t from = id_after(last_id);
		bool known = from < free_end && from > last_id;
		if (known)
			last_id = from;
		spin_unlock_irq(&threads_lock, flags);
		if (known)
			return from;

		pid_t end = next_thread_id(from);
		pid_t other = id_hook ? id_hook(from) : id_max + 1;
		if (other < end)
			end = other;
		flags = spin_lock_irq(&threads_lock);
		if (from == id_after(last_id)) { /* nobody was faster */
			last_id = end > from ? from - 1 : from;
			free_end = end;
		}
		spin_unlock_irq(&threads_lock, flags);
	}
}

uint32_t thread_id_limit(void)
{
	return (uint32_t)id_max + 1;
}

int thread_set_id_limit(uint32_t limit)
{
	if (limit < IDS_LEAST || limit > IDS_MOST)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&threads_lock);
	id_max = (pid_t)limit - 1;
	if (last_id > id_max)
		last_id = 1;
	free_end = 0; /* what is known of those in use was for the old limit */
	spin_unlock_irq(&threads_lock, flags);
	return 0;
}

uint32_t thread_last_id(void)
{
	return (uint32_t)last_id;
}

int thread_set_last_id(uint32_t id)
{
	if (id > (uint32_t)id_max)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&threads_lock);
	last_id = (pid_t)id;
	free_end = 0; /* what is known of those in use is about what followed the old one */
	spin_unlock_irq(&threads_lock, flags);
	return 0;
}

void thread_set_id_hook(pid_t (*next_used)(pid_t))
{
	id_hook = next_used;
}

void thread_for_each_unlocked(void (*visit)(struct thread *, void *), void *context)
{
	LIST_FOR(&threads, struct thread, thread, all_link)
		visit(thread, context);
}

void thread_for_each(void (*visit)(struct thread *, void *), void *context)
{
	uint32_t flags = spin_lock_irq(&threads_lock);
	thread_for_each_unlocked(visit, context);
	spin_unlock_irq(&threads_lock, flags);
}

uint32_t thread_count(void)
{
	return thread_total;
}
