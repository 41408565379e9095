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

/* Gives the current thread an area, if it has none. */
static int area_ensure(void)
{
	struct thread *thread = thread_current();
	if (thread->fpu)
		return 0;
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
	if (!trap_from_user(frame) || !this_cpu()->has_fxsr || area_ensure()) {
		trap_unhandled(frame);
		return;
	}
	preempt_disable();
	__asm__ volatile("clts");
	__asm__ volatile("fxrstor (%0)" : : "r"(thread_current()->fpu));
	this_cpu()->fpu_loaded = true;
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

int thread_fpu_set(const void *area)
{
	int error = area_ensure();
	if (error)
		return error;
	preempt_disable();
	fpu_forget();
	uint8_t *state = thread_current()->fpu;
	memcpy(state, area, FPU_AREA_SIZE);
	/* FXRSTOR faults on reserved bits of MXCSR, and a program may have written any. */
	uint32_t mask, mxcsr;
	memcpy(&mask, initial_state + MXCSR_MASK_OFFSET, sizeof(mask));
	memcpy(&mxcsr, state + MXCSR_OFFSET, sizeof(mxcsr));
	mxcsr &= mask ? mask : MXCSR_MASK_DEFAULT;
	memcpy(state + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
	preempt_enable();
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
