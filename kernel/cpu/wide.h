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

#include "lib/types.h"

/* Whether the wide registers are used; written during start-up only. */
extern bool wide_moves;

/* What one step of the loops moves: lengths below are multiples of it. */
#define WIDE_STEP 256u

/* A whole page, page-aligned: full of zeros; the same as another. */
void page_clear(void *page);
void page_copy(void *restrict to, const void *restrict from);

/* The registers that the loops use, put aside for a program. */
struct wide_loan {
	uint8_t registers[4][16];
	uint32_t interrupts;
	bool in_use;
};

/* Between the two, interrupts are off and xmm0 to xmm3 are the kernel's. wide_moves only. */
void wide_borrow(struct wide_loan *);
void wide_return(const struct wide_loan *);
