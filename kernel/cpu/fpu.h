/* SPDX-License-Identifier: MIT */
/*
 * The floating-point registers belong to programs; the kernel never computes with them.
 * A thread's state lies in thread->fpu (512 bytes, FXSAVE's layout, SDM vol. 1, 10.5)
 * while it does not run. The first use after a switch raises vector 7, which loads it;
 * a switch saves it only if it was loaded since (cpu->fpu_loaded).
 */
#pragma once

#include "kernel/cpu/paging.h"
#include "lib/types.h"

struct thread;

#define FPU_AREA_SIZE 512u

void fpu_init(bool has_sse);
/* The thread that runs is about to be switched away: saves its registers if they are
 * in use. Interrupts off. */
void fpu_switch_away(struct thread *);
/* From here on the next use of the registers raises vector 7. */
static inline void task_switched_set(void)
{
	uint32_t cr0;
	__asm__ volatile("movl %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("movl %0, %%cr0" : : "r"(cr0 | CR0_TS));
}

/* The registers no longer hold anyone's state: the next use raises vector 7. */
void fpu_forget(void);
