/* SPDX-License-Identifier: MIT */
/* Page tables of LEVELS levels, in memory from posix_memalign. */
#include "translate.h"

#include <stdlib.h>
#include <string.h>

uintptr_t root;

/* Where an entry leads. */
static uintptr_t target_of(entry value)
{
	return value & ~(entry)(PAGE_BYTES - 1);
}

static size_t index_at(uint64_t address, unsigned level)
{
	unsigned below = (LEVELS - 1 - level) * INDEX_BITS + OFFSET_BITS;

	return address >> below & (((uint64_t)1 << INDEX_BITS) - 1);
}

uintptr_t translate(uint64_t address)
{
	uintptr_t table = root;

	if (!table || address >> ADDRESS_BITS)
		return NOWHERE;
	for (unsigned level = 0; level < LEVELS; level++) {
		entry value = ((entry *)table)[index_at(address, level)];
		if (!(value & VALID))
			return NOWHERE;
		table = target_of(value);
	}
	return table | (address & (PAGE_BYTES - 1));
}

/* A page of zeros; 0: there is no memory. */
static uintptr_t new_page(void)
{
	void *page;

	if (posix_memalign(&page, PAGE_BYTES, PAGE_BYTES) != 0)
		return 0;
	memset(page, 0, PAGE_BYTES);
	return (uintptr_t)page;
}

/* A page and the tables above it from a level on, the topmost of which is returned; 0: there is no
 * memory. Nobody knows them yet, so that giving up is no more than freeing them. */
static uintptr_t new_branch(uint64_t address, unsigned level)
{
	uintptr_t below, table = new_page();

	if (!table || level == LEVELS)
		return table;
	below = new_branch(address, level + 1);
	if (!below) {
		free((void *)table);
		return 0;
	}
	((entry *)table)[index_at(address, level)] = below | VALID;
	return table;
}

int page_allocate(uint64_t address)
{
	uintptr_t table = root, branch;

	if (address >> ADDRESS_BITS)
		return -1;
	if (!table)
		return (root = new_branch(address, 0)) ? 0 : -1;
	for (unsigned level = 0; level < LEVELS; level++) {
		entry *place = &((entry *)table)[index_at(address, level)];
		if (*place & VALID) {
			table = target_of(*place);
			continue;
		}
		branch = new_branch(address, level + 1);
		if (!branch)
			return -1;
		*place = branch | VALID;
		return 0;
	}
	return 0;
}
