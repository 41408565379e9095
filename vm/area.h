/* SPDX-License-Identifier: MIT */
/*
 * An area: [start, end) of an address space, and what the program was promised there.
 * Guarded by spt->lock.
 */
#pragma once

#include "lib/list.h"
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
#define AREA_LOCKED 0x80u     /* mlock: its pages stay in memory */
#define AREA_RANDOM 0x100u     /* madvise: read in no order; reading ahead would be in vain */
#define AREA_SEQUENTIAL 0x200u /* madvise: read in order, so read ahead from the first page on */
#define AREA_ORDER 0x300u

struct area {
	struct tree_node node;  /* in spt->areas; node.key is the start address */
	uintptr_t end;          /* page aligned, as is the start */
	uint32_t flags;
	struct page_source *source; /* NULL: zeros behind. Holds a reference */
	struct list_link source_link; /* (v) in source->areas, while in a space */
	uint32_t truncation;    /* (v) the last one of the source that came by here */
	struct spt *spt;        /* whose area it is */
	uint32_t first_page;    /* page of the source that lies at start */
	uintptr_t file_end;     /* private: the source's bytes end here and zeros follow (in the
	                           last page of a program's data); UINTPTR_MAX: no such end */
	uintptr_t ahead_next;   /* where the last read of its pages from a device ended, */
	uint32_t ahead_window;  /* and how many pages were read ahead: readahead.c */
	uintptr_t ahead_mark;   /* a fault from here on asks for the next; 0: none does */
	uint16_t ahead_run;     /* misses in order, so far */
	uint16_t ahead_doubt;   /* so many are no evidence: reading ahead was in vain before */
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

#define AREA_COUNT_MAX 65530u /* of one address space, as Linux's vm.max_map_count */

/* An area of the space, not yet in it; takes a reference on the source. NULL if there is no
 * memory. May sleep. */
struct area *area_create(uintptr_t start, uintptr_t end, uint32_t flags,
                         struct page_source *, uint32_t first_page, uintptr_t file_end);
/* Gives up the reference and the record. May sleep. */
void area_free(struct area *);
uint32_t area_objects(void); /* in existence, for the auditor */
/* Keeps largest_gap: the areas' tree calls it. */
bool area_summarise(struct tree_node *);

/* All below: spt->lock held. The range is free of other areas. */
void area_insert(struct spt *, struct area *);
/* Out of the space, not freed. */
void area_remove(struct spt *, struct area *);
/* The source was cut off before page `first`: every space that maps it privately loses the
 * copies of the pages that are gone. No spt->lock held; may sleep. */
void area_drop_copies(struct page_source *, uint32_t first);
/* Moves one end of the area, into free room or its own. The pages are the caller's affair. */
void area_set_start(struct spt *, struct area *, uintptr_t start);
void area_set_end(struct spt *, struct area *, uintptr_t end);
/* Cuts the area in two at the address, which becomes the start of the second. 0 or -ENOMEM.
 * May sleep. */
int area_split(struct spt *, struct area *, uintptr_t address);
/* Joins the area with its neighbours where one area could say the same. */
void area_merge(struct spt *, struct area *);
/* The highest free range of `length` bytes that ends at or below `limit`: its start, or 0.
 * O(log areas). */
uintptr_t area_find_gap(struct spt *, uint32_t length, uintptr_t limit);
