/* SPDX-License-Identifier: MIT */
/*
 * The supplemental page table of one address space: what the hardware's page table
 * cannot say. Two layers: the ordered areas (what was promised), and over them, for each
 * page that became anonymous, its anon. The second half has the page directory's shape:
 * 10 bits choose a leaf, 10 bits an anon in it.
 *
 *   spt -> leaves[768] -> leaf: 1,024 x struct anon *     beside
 *   spt -> pagedir     -> page table: 1,024 x pte_t
 */
#pragma once

#include "lib/list.h"
#include "lib/tree.h"
#include "lib/types.h"
#include "kernel/sync/mutex.h"
#include "vm/pagedir.h"

struct anon;
struct area;
struct page_source;

#define SPT_LEAVES (KERNEL_BASE >> 22)

struct spt {
	uint32_t references;    /* atomic: processes and threads that run in it */
	struct list_link link;  /* every spt; guarded by vm_lock, as is the next */
	uint32_t traced;        /* the recording that has been told of it: trace.c */

	struct mutex lock;      /* guards all below; anon pointers also need vm_lock */
	struct tree areas;
	struct area *last_found;
	uint32_t area_pages;    /* promised, in pages */
	uint32_t area_count;
	struct anon ***leaves;  /* a page: leaves[directory_index] -> 1,024 anons, or NULL */
	uint32_t anons;         /* entries in them */
	struct pagedir pagedir; /* its entries: vm_lock */
	uintptr_t brk_start, brk;
	uintptr_t stack_top;
	uint32_t stack_limit, data_limit, space_limit; /* bytes (RLIMIT_*); UINT32_MAX: none */
	uint32_t resident_limit; /* pages (RLIMIT_RSS, really enforced); UINT32_MAX: none */
	uintptr_t args_start, args_end, env_start, env_end; /* for /proc/<pid>/cmdline */
	bool lock_future;       /* mlockall(MCL_FUTURE): new areas are locked */
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

/* The area that holds the address, or NULL. spt->lock held. O(log areas). */
struct area *spt_area(struct spt *, uintptr_t address);
/* The lowest area that ends above the address, or NULL. spt->lock held. */
struct area *spt_area_from(struct spt *, uintptr_t address);
struct area *spt_area_next(struct area *);

/* The anon of a page, or NULL. spt->lock held. */
struct anon *spt_anon(struct spt *, uintptr_t address);
/* The first anon at or after *address, which moves to its page; NULL if there is none.
 * spt->lock held. */
struct anon *spt_next_anon(struct spt *, uintptr_t *address);
/* Makes sure that the leaf for the address exists. 0 or -ENOMEM. May sleep. */
int spt_leaf_prepare(struct spt *, uintptr_t address);
/* Sets the page's anon (the leaf exists), returning the one that was there, whose
 * reference passes to the caller. vm_lock and spt->lock held. */
struct anon *spt_anon_set(struct spt *, uintptr_t address, struct anon *);
/* Drops the anons of [start, end) and their entries. spt->lock held. */
void spt_drop_pages(struct spt *, uintptr_t start, uintptr_t end);

/* Fork: the child (which nobody runs yet) gets the anons of [start, end) by reference, and
 * the parent's entries there become read-only. Parent's lock held. 0 or -ENOMEM: part of
 * the range was shared. May sleep. */
int spt_share_pages(struct spt *parent, struct spt *child, uintptr_t start, uintptr_t end);
/* Moves the anons of `length` bytes to another range, which has none; entries of the old
 * range are dropped. spt->lock held. 0, or -ENOMEM with nothing moved. May sleep. */
int spt_move_pages(struct spt *, uintptr_t from, uintptr_t to, uint32_t length);

/* The space after `previous` (NULL: the first), with a reference; the one on `previous` is
 * given up. NULL after the last. Spaces made meanwhile may be missed. May sleep. */
struct spt *spt_next(struct spt *previous);
/* Every address space, with vm_lock held. */
void spt_for_each(void (*visit)(struct spt *, void *), void *context);
