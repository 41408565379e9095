/* SPDX-License-Identifier: MIT */
/* Page arithmetic: addresses, page numbers and the two halves of a page number. */
#pragma once

#include "kernel/cpu/paging.h"

static inline uintptr_t page_round_down(uintptr_t address)
{
	return address & PAGE_MASK;
}

/* Of an address in the last page of all, 0. */
static inline uintptr_t page_round_up(uintptr_t address)
{
	return (address + PAGE_SIZE - 1) & PAGE_MASK;
}

static inline uint32_t page_number(uintptr_t address)
{
	return address >> PAGE_SHIFT;
}

static inline uint32_t page_offset(uintptr_t address)
{
	return address & (PAGE_SIZE - 1);
}

/* Which entry of the page directory, and of the page table it names. */
static inline uint32_t directory_index(uintptr_t address)
{
	return address >> 22;
}

static inline uint32_t table_index(uintptr_t address)
{
	return (address >> PAGE_SHIFT) & (ENTRIES_PER_TABLE - 1);
}
