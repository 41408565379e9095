/* SPDX-License-Identifier: MIT */
/* Page arithmetic: addresses, page numbers, and spans, which a page table maps each. */
#pragma once

#include "kernel/cpu/paging.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/page_table.h"

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

/* The span around the address: where it starts, and where the next one does. */
static inline uintptr_t span_start(uintptr_t address)
{
	return address & ~(SPAN_SIZE - 1);
}

static inline uintptr_t span_end(uintptr_t address)
{
	return span_start(address) + SPAN_SIZE;
}
