/* SPDX-License-Identifier: MIT */
/*
 * Moving many bytes by the 16-byte registers (SSE) instead of the string instructions: about a
 * third of the instructions for a page cleared, half of them for a page copied.
 *
 * The registers belong to programs (fpu.h). So they are borrowed with interrupts off, for a
 * page's length at most: what a program has in them is put aside first. That makes these calls
 * good everywhere, in interrupts too. Without SSE, or with cpu.sse=0 on the kernel's command
 * line, the string instructions do it.
 */
#pragma once

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/fpu.h"
#include "lib/types.h"

/* Whether the wide registers are used; written during start-up only. */
extern bool wide_moves;

/* What one step of the loops moves: lengths below are multiples of it. */
#define WIDE_STEP 512u

/* A whole page, page-aligned: full of zeros; the same as another. */
void page_clear(void *page);
void page_copy(void *restrict to, const void *restrict from);

/* The registers that the loops use, put aside for a program. */
struct wide_loan {
	uint8_t registers[4][16];
	uint32_t interrupts;
	bool in_use;
};

/* Between the two, interrupts are off and xmm0 to xmm3 are the kernel's. wide_moves only. With
 * interrupts off nobody else can come to want the registers meanwhile; if they hold nobody's
 * state there is nothing to put aside, but CR0.TS to lift. */
static inline void wide_borrow(struct wide_loan *loan)
{
	loan->interrupts = interrupts_off();
	loan->in_use = this_cpu()->fpu_loaded;
	if (!loan->in_use)
		__asm__ volatile("clts");
	else
		__asm__ volatile("movups %%xmm0, (%0)\n\t"
		                 "movups %%xmm1, 16(%0)\n\t"
		                 "movups %%xmm2, 32(%0)\n\t"
		                 "movups %%xmm3, 48(%0)" : : "r"(loan->registers) : "memory");
}

static inline void wide_return(const struct wide_loan *loan)
{
	if (!loan->in_use)
		task_switched_set();
	else
		__asm__ volatile("movups (%0), %%xmm0\n\t"
		                 "movups 16(%0), %%xmm1\n\t"
		                 "movups 32(%0), %%xmm2\n\t"
		                 "movups 48(%0), %%xmm3" : : "r"(loan->registers) : "memory");
	interrupts_restore(loan->interrupts);
}
