/* SPDX-License-Identifier: MIT */
/*
 * The supplemental page table of one address space: what the hardware's page table
 * cannot say. Two layers: the ordered areas (what was promised), and over them, for each
 * page that became anonymous, its anon. The second half has the page tables' shape: one leaf for
 * each span, with an anon for each entry of the page table beside it.
 *
 *   spt -> leaves[USER_TABLES] -> leaf: ENTRIES_PER_TABLE x struct anon *     beside
 *   spt -> pagedir             -> page table: ENTRIES_PER_TABLE x pte_t
 *
 * A leaf and the page table beside it, together a span, are copied by fork only when
 * they must be. Until then parent and child share both:
 *
 *   parent's leaves --+--> leaf, sharers 2, no owner          directory entries without W:
 *   child's leaves  --+                                       nobody writes through the table
 *
 * In a shared span nothing changes but what is the same for all who share it: an anon's frame is
 * mapped read-only at a read, and eviction drops or weakens entries. Whoever is about to do
 * anything else there calls spt_own first: it copies the leaf, taking a reference on each anon,
 * and the new page table starts empty; or, being the last one, it just takes both over. An
 * anon's references count leaves, so one with a single reference in a shared leaf is shared.
 */
#pragma once

#include "lib/list.h"
#include "lib/tree.h"
#include "lib/types.h"
#include "kernel/sync/rwlock.h"
#include "vm/area.h"
#include "vm/pagedir.h"

struct anon;
struct page_source;
struct resident_set;

/* So many pages hold a pointer to a leaf for each span. */
#define LEAVES_A_PAGE (PAGE_SIZE / sizeof(struct anon **))
#define LEAF_PAGES ((USER_TABLES + LEAVES_A_PAGE - 1) / LEAVES_A_PAGE)

struct spt {
	uint32_t references;    /* atomic: processes and threads that run in it */
	struct list_link link;  /* every spt; guarded by vm_lock, as is the next */
	uint32_t traced;        /* the recording that has been told of it: trace.c */

	struct rwlock lock;     /* guards all below. To change anons, or entries, vm_lock is
	                           held, too; page faults do so under the lock for reading */
	struct areas areas;
	struct anon ***leaves[LEAF_PAGES]; /* pages of pointers to leaves: spt_leaf() */
	uint32_t shared_spans;  /* whose leaf has no owner, or had others a moment ago */
	struct pagedir pagedir; /* its entries: vm_lock */
	uintptr_t brk_start, brk;
	uintptr_t stack_top;
	uint32_t stack_limit, data_limit, space_limit; /* bytes (RLIMIT_*); UINT32_MAX: none */
	uint32_t lock_limit;     /* bytes (RLIMIT_MEMLOCK); UINT32_MAX: none */
	uint32_t resident_most;  /* pages that were mapped at once, as far as was looked */
	uint32_t resident_limit; /* pages (RLIMIT_RSS, really enforced); UINT32_MAX: none */
	bool read_implies_execute; /* what it maps to be read can be executed: personality(2) */
	struct resident_set *own_pages; /* (v) once it is near: resident.h; or NULL */
	uintptr_t args_start, args_end, env_start, env_end; /* for /proc/<pid>/cmdline */
	uintptr_t auxiliary_start, auxiliary_end;           /* and auxv */
	uint32_t lock_future;   /* mlockall(MCL_FUTURE): flags that new areas get, of mlock.c's */
	uint32_t barriers;      /* atomic: what membarrier(2) has registered; 0 after exec */
	bool dying;             /* killed for want of memory: give everything up */
};

/* A new empty address space with one reference; NULL if there is no memory. */
struct spt *spt_create(void);
void spt_get(struct spt *);
/* The same for a space that may be ending: false if it is. vm_lock held, under which an
 * ending space still has its areas. */
bool spt_try_get(struct spt *);
/* The last reference gives everything back: areas, anons, tables. May sleep. The
 * directory must not be the one the caller's thread runs on (thread_set_space first). */
void spt_put(struct spt *);

/* area_find and area_from of its areas. spt->lock held. */
static inline struct area *spt_area(struct spt *spt, uintptr_t address)
{
	return area_find(&spt->areas, address);
}
static inline struct area *spt_area_from(struct spt *spt, uintptr_t address)
{
	ASSERT(rwlock_held(&spt->lock));
	return area_from(&spt->areas, address);
}

/* Where the leaf of the index-th span is noted: ENTRIES_PER_TABLE anons, or NULL. */
static inline struct anon ***spt_leaf(const struct spt *spt, uint32_t index)
{
	return &spt->leaves[index / LEAVES_A_PAGE][index % LEAVES_A_PAGE];
}

/* The place of a page's anon in its leaf; NULL: there is no leaf. spt->lock held. */
static inline struct anon **spt_place(const struct spt *spt, uintptr_t address)
{
	struct anon **leaf = *spt_leaf(spt, span_index(address));
	return leaf ? &leaf[table_index(address)] : NULL;
}
/* The anon of a page, or NULL. spt->lock held. Unless it is held for writing, the anon can go, or one
 * can come, while vm_lock is not held: a thread beside this one copies the page, or makes it. */
static inline struct anon *spt_anon(const struct spt *spt, uintptr_t address)
{
	struct anon *const *place = spt_place(spt, address);
	return place ? *place : NULL;
}
/* How many pages have none, of `count` from this one on within its span. spt->lock held. */
static inline uint32_t spt_anonless(const struct spt *spt, uintptr_t address, uint32_t count)
{
	struct anon **leaf = *spt_leaf(spt, span_index(address)), **first = leaf + table_index(address);
	uint32_t without = leaf ? 0 : count;
	while (without < count && !first[without])
		without++;
	return without;
}
/* The first anon at or after *address, which moves to its page; NULL if there is none.
 * spt->lock held. */
struct anon *spt_next_anon(struct spt *, uintptr_t *address);
/* How many anons the leaves name. */
uint32_t spt_anon_count(const struct spt *);
/* Makes sure that the leaf for the address exists. spt->lock held for writing. 0 or -ENOMEM.
 * May sleep. */
int spt_leaf_prepare(struct spt *, uintptr_t address);
/* Whether the span around the address is the space's own, or empty. One that is not is nobody's,
 * even when all others have left it: only spt_own takes it over. spt->lock held. */
bool spt_owns(const struct spt *, uintptr_t address);
/* How many address spaces share the span around the address; 1: it is this one's own, or empty.
 * spt->lock held: it can become less meanwhile, but not more. */
uint32_t spt_sharers(const struct spt *, uintptr_t address);
/* The span around the address / all spans that [start, end) touches become the space's own.
 * spt->lock held for writing. 0 or -ENOMEM. May sleep. */
int spt_own(struct spt *, uintptr_t address);
int spt_own_range(struct spt *, uintptr_t start, uintptr_t end);
/* Before [start, end) is dropped: shared spans that lie within it are given up, as nothing of
 * them is kept; those at its ends become the space's own. spt->lock held for writing. 0, or
 * -ENOMEM with nothing given up. May sleep. */
int spt_part(struct spt *, uintptr_t start, uintptr_t end);
/* Sets the page's anon (the leaf exists and is the space's own), returning the one that was
 * there, whose reference passes to the caller. vm_lock and spt->lock held. */
struct anon *spt_anon_set(struct spt *, uintptr_t address, struct anon *);
/* The same of several pages that have none, one after another within the leaf. */
void spt_anons_set(struct spt *, uintptr_t address, struct anon *const *, uint32_t count);
/* Drops the anons of [start, end) and their entries, after spt_part. spt->lock held for writing. */
void spt_drop_pages(struct spt *, uintptr_t start, uintptr_t end);
/* Looks how many pages are mapped, for resident_most, as those of [start, end) are about to go: if
 * they are few, it is not worth it. When somebody asks, the range is all. spt->lock held. */
void spt_note_resident(struct spt *, uintptr_t start, uintptr_t end);

/* Fork: the child (which nobody runs yet) gets the anons of [start, end) by reference, and
 * neither writes to them any more: a span with many of them is shared, all of it, if whole_spans
 * says so; few are copied into a leaf of the child's. Parent's lock held. 0 or -ENOMEM: part
 * of the range was shared. May sleep. */
int spt_share_pages(struct spt *parent, struct spt *child, uintptr_t start, uintptr_t end,
                    bool whole_spans);
/* Moves the anons of `length` bytes to another range, which has none; entries of the old
 * range are dropped. The spans of both are the space's own. spt->lock held for writing. 0, or
 * -ENOMEM with nothing moved. May sleep. */
int spt_move_pages(struct spt *, uintptr_t from, uintptr_t to, uint32_t length);

/* The space after `previous` (NULL: the first), with a reference; the one on `previous` is
 * given up. NULL after the last. Spaces made meanwhile may be missed. May sleep. */
struct spt *spt_next(struct spt *previous);
/* How many pages, in memory or in swap, the shared memory has that counts as its own: each counts
 * for one of those who map it (areas_count_held). */
uint32_t spt_shared_count(const struct spt *);

/* Every address space, with vm_lock held. */
void spt_for_each(void (*visit)(struct spt *, void *), void *context);
