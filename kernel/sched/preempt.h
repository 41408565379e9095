/* SPDX-License-Identifier: MIT */
/* Forbids and allows preemption on this CPU; nests. Allowing switches at once if one is due. */
#pragma once

#include "kernel/cpu/cpu.h"
#include "kernel/panic.h"

void preempt_now(void); /* a switch is due: makes it, if it may be made here */

static inline void preempt_disable(void)
{
	this_cpu()->preempt_off++;
	__asm__ volatile("" : : : "memory");
}

static inline void preempt_enable(void)
{
	struct cpu *cpu = this_cpu();
	__asm__ volatile("" : : : "memory");
#ifdef PAGODA_DEBUG
	ASSERT(cpu->preempt_off > 0);
#endif
	cpu->preempt_off--;
	if (__builtin_expect(cpu->resched, false))
		preempt_now();
}
