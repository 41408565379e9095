/* SPDX-License-Identifier: MIT */
/* Lazy floating-point state: see fpu.h. Preemption is off wherever the registers and
 * cpu->fpu_loaded change together, as a switch changes them too. */
#include "kernel/cpu/fpu.h"

#include <asm/errno.h>

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/paging.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"

#define MXCSR_DEFAULT 0x1f80u
#define MXCSR_OFFSET 24
#define MXCSR_MASK_OFFSET 28
#define MXCSR_MASK_DEFAULT 0xffbfu

/* The state of a program that has not computed yet. */
static uint8_t initial_state[FPU_AREA_SIZE] __attribute__((aligned(16)));

static void registers_save(void *area)
{
	__asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
}

/* The registers hold the current thread's state from now on. Preemption off. */
static void registers_load(const void *area)
{
	__asm__ volatile("clts");
	__asm__ volatile("fxrstor (%0)" : : "r"(area) : "memory");
	this_cpu()->fpu_loaded = true;
}

void fpu_forget(void)
{
	this_cpu()->fpu_loaded = false;
	task_switched_set();
}

void fpu_switch_away(struct thread *thread)
{
	if (!this_cpu()->fpu_loaded)
		return;
	registers_save(thread->fpu);
	fpu_forget();
}

/* Gives the thread an area, if it has none: every way to floating point comes by here. -ENODEV
 * without FXSAVE, -ENOMEM. */
static int area_ensure(struct thread *thread)
{
	if (thread->fpu)
		return 0;
	if (!this_cpu()->has_fxsr)
		return -ENODEV;
	void *area = kmalloc(FPU_AREA_SIZE);
	if (!area)
		return -ENOMEM;
	memcpy(area, initial_state, FPU_AREA_SIZE);
	thread->fpu = area;
	return 0;
}

/* Vector 7: a program computes. Without FXSAVE or memory it is told by a signal. */
static void fpu_wanted(struct trap_frame *frame)
{
	if (!trap_from_user(frame) || area_ensure(thread_current())) {
		trap_unhandled(frame);
		return;
	}
	preempt_disable();
	registers_load(thread_current()->fpu);
	preempt_enable();
}

void fpu_init(bool has_sse)
{
	trap_register(TRAP_NO_FPU, fpu_wanted);
	if (this_cpu()->has_fxsr) {
		__asm__ volatile("clts; fninit");
		if (has_sse) {
			uint32_t mxcsr = MXCSR_DEFAULT;
			__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
		}
		registers_save(initial_state);
	}
	task_switched_set();
}

/* Brings the current thread's area up to date with the registers. Preemption off. */
static void current_save(void)
{
	if (this_cpu()->fpu_loaded)
		registers_save(thread_current()->fpu);
}

int thread_fpu_copy(struct thread *to, struct thread *from)
{
	if (!from->fpu)
		return 0;
	if (!to->fpu)
		to->fpu = kmalloc(FPU_AREA_SIZE);
	if (!to->fpu)
		return -ENOMEM;
	preempt_disable();
	if (from == thread_current())
		current_save();
	memcpy(to->fpu, from->fpu, FPU_AREA_SIZE);
	preempt_enable();
	return 0;
}

int thread_fpu_get(void *area)
{
	struct thread *thread = thread_current();
	if (!thread->fpu)
		return 1;
	preempt_disable();
	current_save();
	memcpy(area, thread->fpu, FPU_AREA_SIZE);
	preempt_enable();
	return 0;
}

/* FXRSTOR faults on reserved bits of MXCSR, and a program may have written any. */
static void mask_mxcsr(uint8_t *state)
{
	uint32_t mask = *(const uint32_t *)(initial_state + MXCSR_MASK_OFFSET);
	*(uint32_t *)(state + MXCSR_OFFSET) &= mask ? mask : MXCSR_MASK_DEFAULT;
}

const void *thread_fpu_saved(void)
{
	preempt_disable();
	current_save();
	preempt_enable();
	return thread_current()->fpu;
}

void *thread_fpu_replace(void)
{
	if (area_ensure(thread_current()))
		return NULL;
	preempt_disable();
	fpu_forget();
	preempt_enable();
	return thread_current()->fpu;
}

void thread_fpu_replaced(void)
{
	preempt_disable();
	mask_mxcsr(thread_current()->fpu);
	registers_load(thread_current()->fpu);
	preempt_enable();
}

void thread_fpu_renew(void)
{
	if (!thread_current()->fpu)
		return;
	preempt_disable();
	registers_load(initial_state);
	preempt_enable();
}

void thread_fpu_peek(const struct thread *thread, void *area)
{
	memcpy(area, thread->fpu ? thread->fpu : initial_state, FPU_AREA_SIZE);
}

int thread_fpu_poke(struct thread *thread, const void *area)
{
	int error = area_ensure(thread);
	if (error)
		return error;
	memcpy(thread->fpu, area, FPU_AREA_SIZE);
	mask_mxcsr(thread->fpu);
	return 0;
}

void thread_fpu_drop(void)
{
	struct thread *thread = thread_current();
	if (!thread->fpu)
		return;
	preempt_disable();
	fpu_forget();
	void *area = thread->fpu;
	thread->fpu = NULL;
	preempt_enable();
	kfree(area);
}
