/* SPDX-License-Identifier: MIT */
/* Who may use the wide registers when: see wide.h. */
#include "kernel/cpu/wide.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/fpu.h"
#include "kernel/cpu/paging.h"
#include "lib/string.h"

void wide_clear(void *to, size_t bytes);                                      /* wide_moves.S */
void wide_copy(void *restrict to, const void *restrict from, size_t bytes);

bool wide_moves;

/* With interrupts off nobody else can come to want the registers meanwhile. If they hold
 * nobody's state there is nothing to put aside, but CR0.TS to lift. */
void wide_borrow(struct wide_loan *loan)
{
	loan->interrupts = interrupts_off();
	loan->in_use = this_cpu()->fpu_loaded;
	if (!loan->in_use) {
		__asm__ volatile("clts");
		return;
	}
	__asm__ volatile("movups %%xmm0, (%0)\n\t"
	                 "movups %%xmm1, 16(%0)\n\t"
	                 "movups %%xmm2, 32(%0)\n\t"
	                 "movups %%xmm3, 48(%0)" : : "r"(loan->registers) : "memory");
}

void wide_return(const struct wide_loan *loan)
{
	if (loan->in_use)
		__asm__ volatile("movups (%0), %%xmm0\n\t"
		                 "movups 16(%0), %%xmm1\n\t"
		                 "movups 32(%0), %%xmm2\n\t"
		                 "movups 48(%0), %%xmm3" : : "r"(loan->registers) : "memory");
	else
		fpu_forget();
	interrupts_restore(loan->interrupts);
}

void page_clear(void *page)
{
	struct wide_loan loan;
	if (!wide_moves) {
		memset(page, 0, PAGE_SIZE);
		return;
	}
	wide_borrow(&loan);
	wide_clear(page, PAGE_SIZE);
	wide_return(&loan);
}

void page_copy(void *restrict to, const void *restrict from)
{
	struct wide_loan loan;
	if (!wide_moves) {
		memcpy(to, from, PAGE_SIZE);
		return;
	}
	wide_borrow(&loan);
	wide_copy(to, from, PAGE_SIZE);
	wide_return(&loan);
}
