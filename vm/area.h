/* SPDX-License-Identifier: MIT */
/*
 * An area: [start, end) of an address space, and what the program was promised there.
 * Guarded by spt->lock.
 */
#pragma once

#include "lib/tree.h"
#include "lib/types.h"

struct page_source;
struct spt;

#define AREA_READ 0x01u
#define AREA_WRITE 0x02u
#define AREA_EXECUTE 0x04u /* recorded; without PAE every readable page is executable */
#define AREA_RIGHTS 0x07u
#define AREA_SHARED 0x08u     /* writes are seen by all and reach the source */
#define AREA_GROWS_DOWN 0x10u /* a stack */
#define AREA_HEAP 0x20u       /* brk's */
#define AREA_MAY_WRITE 0x40u  /* mprotect may add AREA_WRITE (file open for writing) */

struct area {
	struct tree_node node;  /* in spt->areas; node.key is the start address */
	uintptr_t end;          /* page aligned, as is the start */
	uint32_t flags;
	struct page_source *source; /* NULL: zeros behind. Holds a reference */
	uint32_t first_page;    /* page of the source that lies at start */
	uintptr_t file_end;     /* private: the source's bytes end here, zeros follow (the last
	                           page of a program's data); else >= end */
	uint32_t gap_before;    /* free bytes between this area and the one below it */
	uint32_t largest_gap;   /* of gap_before, in this node's subtree */
};

static inline uintptr_t area_start(const struct area *area)
{
	return area->node.key;
}

/* The page of the source behind `address`. */
static inline uint32_t area_source_page(const struct area *area, uintptr_t address)
{
	return area->first_page + ((address - area_start(area)) >> 12);
}
