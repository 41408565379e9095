/* SPDX-License-Identifier: MIT */
/* What is promised in all (commit.h). The count is exact; that two look at it before either adds
 * to it is possible, as it is on Linux. */
#include "vm/commit.h"

#include <asm/errno.h>

#include "kernel/mem/physmem.h"

static uint32_t by_areas, shared, swap_pages; /* atomic */
static volatile enum commit_mode mode = COMMIT_ALWAYS;
static volatile uint32_t ratio = 50;

uint32_t commit_count(void)
{
	return commit_of_areas() + __atomic_load_n(&shared, __ATOMIC_RELAXED);
}

uint32_t commit_of_areas(void)
{
	return __atomic_load_n(&by_areas, __ATOMIC_RELAXED);
}

static uint32_t swap_now(void)
{
	return __atomic_load_n(&swap_pages, __ATOMIC_RELAXED);
}

uint32_t commit_limit(void)
{
	return (uint64_t)physmem_total() * ratio / 100 + swap_now();
}

bool commit_allows(uint32_t pages)
{
	switch (mode) {
	case COMMIT_GUESS:
		return pages <= physmem_total() + swap_now();
	case COMMIT_NEVER:
		return (uint64_t)commit_count() + pages <= commit_limit();
	default:
		return true;
	}
}

void commit_add(int32_t pages)
{
	__atomic_fetch_add(&by_areas, pages, __ATOMIC_RELAXED);
}

void commit_add_shared(int32_t pages)
{
	__atomic_fetch_add(&shared, pages, __ATOMIC_RELAXED);
}

uint32_t commit_mode(void)
{
	return mode;
}

int commit_set_mode(uint32_t value)
{
	if (value > COMMIT_NEVER)
		return -EINVAL;
	mode = value;
	return 0;
}

uint32_t commit_ratio(void)
{
	return ratio;
}

int commit_set_ratio(uint32_t hundredths)
{
	ratio = hundredths;
	return 0;
}

void commit_set_swap(uint32_t pages)
{
	__atomic_store_n(&swap_pages, pages, __ATOMIC_RELAXED);
}
