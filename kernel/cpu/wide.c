/* SPDX-License-Identifier: MIT */
/* Pages cleared and copied by the wide registers: see wide.h. */
#include "kernel/cpu/wide.h"

#include "kernel/cpu/paging.h"
#include "lib/string.h"

void wide_clear(void *to, size_t bytes);                                      /* wide_moves.S */
void wide_copy(void *restrict to, const void *restrict from, size_t bytes);

bool wide_moves;

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
