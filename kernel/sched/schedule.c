/* SPDX-License-Identifier: MIT */
/*
 * Which thread runs: round robin over one run queue.
 *
 * A thread is RUNNING (on this CPU, not in the queue), READY (in the queue), SLEEPING
 * or DEAD; only code that holds run_lock changes that. A switch happens with interrupts
 * off and run_lock held, and the lock passes to the thread switched to: it lets go of it
 * in switch_finish(). So at every switch exactly one reason forbids preemption (the
 * lock), and the count in struct cpu is right for both threads.
 *
 * run_lock is the innermost lock of the kernel: nothing is taken under it.
 */
#include "kernel/sched/schedule.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/debug_registers.h"
#include "kernel/cpu/fpu.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/clock.h"
#include "kernel/time/timer.h"
#include "kernel/trace.h"

#define SLICE_TICKS 1

void context_switch(void **save, void *load); /* switch.S */

static struct spinlock run_lock = SPINLOCK_INIT("run queue");
/* Guarded by run_lock. */
static struct list run_queue = LIST_INIT(run_queue);
static uint32_t ready_count;
static uint32_t (*shuffle)(void); /* random numbers, to run threads in any order; or NULL */
static struct thread *dead;    /* ended just now; freed by the thread that runs next */
static uint64_t switches;
static void (*processor_hook)(struct thread *); /* written during start-up only */
static uint64_t account_start; /* since when the current thread's time is not counted */

/* Run queue locked. */
static void make_ready(struct thread *thread)
{
	thread->state = THREAD_READY;
	list_append(&run_queue, &thread->run_link);
	ready_count++;
	if (this_cpu()->current == this_cpu()->idle)
		this_cpu()->resched = true;
}

static struct thread *take_next(void)
{
	uint32_t skip = shuffle && ready_count > 1 ? shuffle() % ready_count : 0;
	for (; skip > 0; skip--)
		list_append(&run_queue, list_pop(&run_queue));
	struct list_link *link = list_pop(&run_queue);
	if (!link)
		return this_cpu()->idle;
	ready_count--;
	return LIST_ENTRY(link, struct thread, run_link);
}

static void account_time(void)
{
	uint64_t now = clock_now();
	this_cpu()->current->run_ns += now - account_start;
	account_start = now;
}

/* Run queue locked by switch_away() in the thread that ran before. */
static void switch_finish(uint32_t flags)
{
	struct thread *ended = dead;
	dead = NULL;
	/* With interrupts still off, unlocking does not switch again. */
	spin_unlock(&run_lock);
	interrupts_restore(flags);
	if (ended)
		thread_free(ended);
}

/* Runs the next thread; the current one has been given its new state. Returns when the
 * current one runs again. Interrupts off, run queue locked; still so afterwards. */
static void switch_away(void)
{
	struct cpu *cpu = this_cpu();
	struct thread *from = cpu->current;
	struct thread *to = take_next();

	ASSERT_SAYING(cpu->preempt_off == 1 && !cpu->interrupt_depth,
	              "switching threads with a spinlock held or in an interrupt");
	account_time();
	cpu->resched = false;
	to->state = THREAD_RUNNING;
	to->slice = SLICE_TICKS;
	if (to == from)
		return;

	switches++;
	if (from->state == THREAD_READY)
		from->switches_forced++;
	else
		from->switches_own++;
	if (from == cpu->idle)
		ticks_start();
	trace_switch(from, to);
	fpu_switch_away(from);
	if (__builtin_expect(debug_registers_used, false))
		debug_registers_load(to->debug);
	cpu->current = to;
	cpu_set_kernel_stack(to->stack + THREAD_STACK_SIZE);
	cpu_load_tls(to->tls);
	if (__builtin_expect(to->ldt != cpu->ldt, false))
		cpu_load_ldt(to->ldt);
	if (__builtin_expect(to->hides_time != cpu->hides_time, false))
		cpu_hide_time(to->hides_time);
	if (to->cr3)
		cpu_load_directory(to->cr3);
	context_switch(&from->context, to->context);
}

void thread_begin(void)
{
	switch_finish(EFLAGS_IF);
	struct thread *thread = thread_current();
	thread->start(thread->argument);
	thread_exit();
}

void idle_loop(void *unused)
{
	(void)unused;
	for (;;) {
		thread_note_progress();
		if (!physmem_clear_ahead())
			__asm__ volatile("sti; hlt");
	}
}

void thread_start(struct thread *thread)
{
	uint32_t flags = spin_lock_irq(&run_lock);
	make_ready(thread);
	spin_unlock_irq(&run_lock, flags);
}

/* The current thread stays ready but lets the others run first. */
void thread_preempt(void)
{
	uint32_t flags = interrupts_off();
	spin_lock(&run_lock);
	if (thread_current() != this_cpu()->idle)
		make_ready(thread_current());
	switch_away();
	switch_finish(flags);
}

void thread_yield(void)
{
	ASSERT_MAY_SLEEP();
	thread_preempt();
}

void thread_die(void)
{
	interrupts_off();
	spin_lock(&run_lock);
	struct thread *thread = thread_current();
	thread->state = THREAD_DEAD;
	fpu_forget();
	dead = thread;
	switch_away();
	panic("thread %d (%s) ran after its end", thread->id, thread->name);
}

uint32_t thread_block(bool interruptible)
{
	struct thread *thread = thread_current();
	ASSERT_SAYING(thread != this_cpu()->idle, "the idle thread must not sleep");
	thread_note_progress();
	uint32_t flags = interrupts_off();
	spin_lock(&run_lock);
	while (!thread->woken && !(interruptible && thread->interrupted)) {
		thread->state = THREAD_SLEEPING;
		thread->interruptible = interruptible;
		switch_away();
	}
	uint32_t reasons = thread->woken;
	thread->woken = 0;
	switch_finish(flags);
	return reasons;
}

void thread_forget_wake(void)
{
	uint32_t flags = spin_lock_irq(&run_lock);
	thread_current()->woken = 0;
	spin_unlock_irq(&run_lock, flags);
}

/* Who waited for a time gets the processor at once: it would be late. Run queue locked. */
static void make_next(struct thread *thread)
{
	make_ready(thread);
	list_remove(&thread->run_link);
	list_prepend(&run_queue, &thread->run_link);
	this_cpu()->resched = true;
}

void thread_wake(struct thread *thread, uint8_t reason)
{
	uint32_t flags = spin_lock_irq(&run_lock);
	thread->woken |= reason;
	if (thread->state == THREAD_SLEEPING && reason == WOKEN_BY_TIMER)
		make_next(thread);
	else if (thread->state == THREAD_SLEEPING)
		make_ready(thread);
	spin_unlock_irq(&run_lock, flags);
}

void thread_interrupt_other(struct thread *thread)
{
	uint32_t flags = spin_lock_irq(&run_lock);
	thread->interrupted = true;
	if (thread->state == THREAD_SLEEPING && thread->interruptible)
		make_ready(thread);
	spin_unlock_irq(&run_lock, flags);
}

void preempt_now(void)
{
	/* With interrupts off the caller relies on staying; the switch comes later. */
	while (this_cpu()->resched && thread_may_sleep())
		thread_preempt();
}

void thread_tick(bool in_user_mode)
{
	spin_lock(&run_lock);
	struct thread *thread = thread_current();
	account_time();
	if (in_user_mode)
		thread->user_ns += NS_PER_SECOND / TICKS_PER_SECOND;
	if (thread->slice > 0)
		thread->slice--;
	if (thread->slice == 0 && ready_count > 0)
		this_cpu()->resched = true;
	bool used = thread->run_ns >= thread->watch_ns;
	spin_unlock(&run_lock);
	if (used && processor_hook)
		processor_hook(thread);
}

void thread_account(void)
{
	uint32_t flags = spin_lock_irq(&run_lock);
	account_time();
	spin_unlock_irq(&run_lock, flags);
}

void thread_watch_processor(struct thread *thread, uint64_t ns)
{
	uint32_t flags = spin_lock_irq(&run_lock);
	bool never = thread->run_ns + ns < ns;
	thread->watch_ns = never ? UINT64_MAX : thread->run_ns + ns;
	spin_unlock_irq(&run_lock, flags);
}

void thread_set_processor_hook(void (*used)(struct thread *))
{
	processor_hook = used;
}

uint64_t thread_switches(void)
{
	return switches;
}

void schedule_shuffle(uint32_t (*random)(void))
{
	shuffle = random;
}

uint32_t thread_ready_count(void)
{
	return ready_count;
}

uint64_t thread_idle_ns(void)
{
	return this_cpu()->idle->run_ns;
}
