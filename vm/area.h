/* SPDX-License-Identifier: MIT */
/*
 * An area: [start, end) of an address space, and what the program was promised there.
 * Guarded by the space's lock.
 */
#pragma once

#include "lib/list.h"
#include "lib/tree.h"
#include "lib/types.h"
#include "vm/page.h"
#include "vm/source.h"

struct backing;
struct pagedir;

/* Somebody reads pages in order: readahead.c. A stream. */
struct ahead_stream {
	uintptr_t next;   /* where its last read from a device ended; 0: there is no such stream */
	uintptr_t mark;   /* a fault from here on asks for the next; 0: none does */
	uint32_t window;  /* how many pages were read ahead */
	uint32_t run;     /* misses in order, so far */
};

#define AHEAD_STREAMS 8u

/* The latest streams of an area, the one that was used last in front. */
struct ahead {
	struct ahead_stream streams[AHEAD_STREAMS];
	uint32_t doubt;   /* so many misses in order are no evidence: reading ahead was in vain */
	bool busy;        /* atomic: a thread is changing it, or reads by it */
};

#define AREA_READ 0x01u
#define AREA_WRITE 0x02u
#define AREA_EXECUTE 0x04u /* without PAE and NX recorded only: what can be read can be executed */
#define AREA_RIGHTS 0x07u
#define AREA_SHARED 0x08u     /* writes are seen by all and reach the source */
#define AREA_GROWS_DOWN 0x10u /* a stack */
#define AREA_HEAP 0x20u       /* brk's */
#define AREA_MAY_WRITE 0x40u  /* mprotect may add AREA_WRITE (file open for writing) */
#define AREA_LOCKED 0x80u     /* mlock: its pages stay in memory */
#define AREA_RANDOM 0x100u     /* madvise: read in no order; reading ahead would be in vain */
#define AREA_SEQUENTIAL 0x200u /* madvise: read in order, so read ahead from the first page on */
#define AREA_ORDER 0x300u
#define AREA_LOCK_ON_FAULT 0x400u /* with AREA_LOCKED: from when they are first touched */
#define AREA_NOT_FORKED 0x800u    /* madvise: a forked process does not get it, */
#define AREA_FORKED_EMPTY 0x1000u /* or finds zeros in it */
#define AREA_NOT_DUMPED 0x2000u   /* madvise: not wanted in a core dump */
#define AREA_COMMITTED 0x4000u    /* its pages count as promised (commit.h) */
#define AREA_NEVER_CODE 0x8000u   /* the file lies where no programs may: never AREA_EXECUTE */
#define AREA_SEALED 0x10000u      /* mseal: stays as it is until the space ends */

struct area {
	struct tree_node node;  /* in areas->tree; node.key is the start address */
	uintptr_t end;          /* page aligned, as is the start */
	uint32_t flags;
	struct backing *backing;    /* NULL: zeros behind. Holds a reference */
	struct page_source *source; /* the backing's, or NULL */
	struct list_link source_link; /* (v) in source->areas, while in a space */
	uint32_t truncation;    /* (v) the source's last one after which no copy was left here that
	                           it had to drop; also an area made later has none */
	struct areas *areas;    /* among which it is */
	uint32_t first_page;    /* page of the source that lies at start */
	uintptr_t file_end;     /* private: the source's bytes end here and zeros follow (in the
	                           last page of a program's data); UINTPTR_MAX: no such end */
	struct ahead *ahead;    /* how its pages are read from a device; NULL: none was, or there
	                           was no memory to note it */
	uintptr_t zeros_next;   /* where the last page of zeros that was given out ended, */
	uint32_t zeros_run;     /* and how many were, in order: readahead.c */
	uint32_t gap_before;    /* free bytes between this area and the one below it */
	uint32_t largest_gap;   /* of gap_before, in this node's subtree */
};

/* All areas of one address space, in order. Guarded by the space's lock. */
struct areas {
	struct tree tree;
	struct area *last_found;
	uint32_t pages, pages_most; /* now, and at most so far */
	uint32_t committed;     /* of these, in areas with AREA_COMMITTED */
	uint32_t count;
	bool any_sealed;        /* some of them may have AREA_SEALED */
	uint32_t shared_held;   /* (v) pages of the shared memory whose holder this is */
	const struct pagedir *pagedir; /* of the space whose they are: names it in the trace */
};

static inline uintptr_t area_start(const struct area *area)
{
	return area->node.key;
}

/* The bit that keeps an entry's page from being executed, if the area holds no code. */
static inline pte_t area_no_execute(const struct area *area)
{
	return area->flags & AREA_EXECUTE ? 0 : entry_no_execute();
}

/* The page of the source behind `address`. */
static inline uint32_t area_source_page(const struct area *area, uintptr_t address)
{
	return area->first_page + ((address - area_start(area)) >> 12);
}

/* Whether no copy is left in it that the source's latest truncation has to drop. Those for which
 * it is not so are the last of the source's list. vm_lock held. */
static inline bool area_has_no_cut_copies(const struct area *area)
{
	return area->truncation == area->source->truncations;
}

extern volatile uint32_t area_count_max; /* of one address space: Linux's vm.max_map_count */

/* None yet. */
void areas_init(struct areas *, const struct pagedir *);

/* The area that holds the address, or NULL. O(log areas), and quick if it is the one that was
 * found last. */
struct area *area_find_slowly(struct areas *, uintptr_t address); /* for area_find alone */
static inline struct area *area_find(struct areas *areas, uintptr_t address)
{
	struct area *last = areas->last_found;
	if (last && address >= area_start(last) && address < last->end)
		return last;
	return area_find_slowly(areas, address);
}
/* The lowest area that ends above the address, or NULL. */
struct area *area_from(const struct areas *, uintptr_t address);
struct area *area_next(const struct area *);
/* The lowest of all, or NULL. */
struct area *area_first(const struct areas *);

/* An area of the space, not yet in it; takes a reference on the backing. NULL if there is no
 * memory. May sleep. */
struct area *area_create(uintptr_t start, uintptr_t end, uint32_t flags,
                         struct backing *, uint32_t first_page, uintptr_t file_end);
/* One that says at [start, end) what `model` says from its address `from` on. As above. */
struct area *area_create_like(const struct area *model, uintptr_t from, uintptr_t start,
                              uintptr_t end);
/* Gives up the reference and the record. May sleep. */
void area_free(struct area *);
uint32_t area_objects(void); /* in existence, for the auditor */
/* Shared memory has so many pages more, or less, in memory or in swap. One of those who map
 * it counts them; when that one has gone, another. vm_lock held. */
static inline void areas_count_held(struct page_source *source, int32_t pages)
{
	source->held += (uint32_t)pages;
	if (source->holder)
		source->holder->shared_held += (uint32_t)pages;
}

/* All below: the space's lock held. The range is free of other areas. */
void area_insert(struct areas *, struct area *);
/* Out of the space, not freed. */
void area_remove(struct areas *, struct area *);
/* Fork: `to`, where there is none yet, gets copies of all areas of `from` but those with
 * AREA_NOT_FORKED. Both spaces' locks held. 0 or -ENOMEM: only some were copied. May sleep.
 * O(areas). */
int areas_fork(struct areas *to, const struct areas *from);
/* The end of a space: takes the lowest area out and frees it. Until all are gone nothing else is
 * done with the areas but area_first. May sleep. */
void area_end_first(struct areas *);
/* Moves one end of the area, into free room or its own. The pages are the caller's affair. */
void area_set_start(struct areas *, struct area *, uintptr_t start);
void area_set_end(struct areas *, struct area *, uintptr_t end);
/* Cuts the area in two at the address, which becomes the start of the second. 0 or -ENOMEM.
 * May sleep. */
int area_split(struct areas *, struct area *, uintptr_t address);
/* Its pages count as promised from now on, if those of such an area do: private ones that may be
 * written. */
void area_commit(struct areas *, struct area *);
static inline bool area_commits(uint32_t flags)
{
	return (flags & (AREA_WRITE | AREA_SHARED)) == AREA_WRITE;
}
/* Joins the area with its neighbours where one area could say the same. */
void area_merge(struct areas *, struct area *);
/* The highest free range of `length` bytes that ends at or below `limit`: its start, or 0.
 * O(log areas). */
uintptr_t area_find_gap(struct areas *, uint32_t length, uintptr_t limit);
