/* SPDX-License-Identifier: MIT */
/*
 * The hardware's page directory and page tables of one address space. The only code that
 * changes entries, together with rmap.c. Everything in it is a cache of what the
 * supplemental page table says: any entry may be dropped at any time (its A and D bits
 * harvested into the frame first), and the next access faults it in again.
 *
 * Promise: whoever clears or weakens an entry here also invalidates the TLB before
 * vm_lock is released, so no translation outlives its entry.
 *
 * After fork several directories may point to one page table (spt.h says when). A shared table
 * has no owner, and the entries of the directories that point to it lack W, so whatever its own
 * entries say, nobody writes through it.
 */
#pragma once

#include "lib/types.h"
#include "kernel/mem/layout.h"
#include "vm/frame.h"
#include "vm/page.h"

/* One of the entry's bits that the processor leaves to software (SDM vol. 3A, table 4-6):
 * the page is locked in memory (mlock). */
#define PTE_LOCKED ((pte_t)0x200)
/* Another: the entry had A, which was cleared for the policy of all pages; pagedir_test_accessed has
 * yet to tell of it. */
#define PTE_ACCESSED_BEFORE ((pte_t)0x400)

struct mapping;

struct pagedir {
	pte_t *root;             /* what CR3 names; a part of it is the kernel's, the same in all */
	uint32_t tables;         /* (v) page tables, shared ones too */
	struct mapping *spares;  /* (v) records kept ready, so that mapping cannot fail */
	uint32_t spare_count;    /* (v) */
};

/* The directory's entry for the span around the address / for the index-th span. */
static inline pte_t *pagedir_span(const struct pagedir *pagedir, uintptr_t address)
{
	return root_span(pagedir->root, span_index(address));
}
static inline pte_t *pagedir_span_at(const struct pagedir *pagedir, uint32_t index)
{
	return root_span(pagedir->root, index);
}

/* 0 or -ENOMEM. May sleep. */
int pagedir_create(struct pagedir *);
/* Frees the directory and its tables; no entry is left (pagedir_clear the whole range
 * before). No thread that will run again has it as its own. */
void pagedir_destroy(struct pagedir *);
physaddr_t pagedir_phys(const struct pagedir *);
/* The frame of one of its DIRECTORIES. */
const struct frame *pagedir_directory(const struct pagedir *, uint32_t index);

/* Whether pagedir_set cannot fail for a page whose table is there / for any page, so that
 * pagedir_prepare has nothing to do. */
static inline bool pagedir_has_spare(const struct pagedir *pagedir)
{
	return pagedir->spares;
}
static inline bool pagedir_ready(const struct pagedir *pagedir, uintptr_t address)
{
	return *pagedir_span(pagedir, address) && pagedir_has_spare(pagedir);
}
/* Makes sure that pagedir_set cannot fail: the page table exists and a mapping record is
 * at hand. spt->lock held for writing, vm_lock not. May sleep. 0 or -ENOMEM. */
int pagedir_prepare(struct pagedir *, uintptr_t address);
/* Tries to have so many mapping records at hand. spt->lock held, vm_lock not. May sleep. */
void pagedir_stock(struct pagedir *, uint32_t records);
/* Whether pagedir_set would have what it needs: the table is there, and a record if the frame
 * is mapped already. vm_lock held; for whoever has not called pagedir_prepare. */
static inline bool pagedir_can_set(const struct pagedir *pagedir, uintptr_t address,
                                   const struct frame *frame)
{
	return *pagedir_span(pagedir, address) &&
	       (!frame->mappings || pagedir->spares);
}
/* Maps the page to the frame, replacing (and harvesting) what was there; bits are some of
 * PTE_W, PTE_NX and PTE_LOCKED. After pagedir_prepare. vm_lock and spt->lock held. */
void pagedir_set(struct pagedir *, uintptr_t address, struct frame *, pte_t bits);
/* The same of several pages, one after another in one page table. */
void pagedir_set_many(struct pagedir *, uintptr_t address, struct frame *const *mapped,
                      uint32_t count, pte_t bits);
/* The entry as it stands (0: none, or no table); vm_lock held. */
static inline pte_t pagedir_entry(const struct pagedir *pagedir, uintptr_t address)
{
	pte_t directory_entry = *pagedir_span(pagedir, address);
	const pte_t *table = entry_table(directory_entry);
	return directory_entry ? table[table_index(address)] : 0;
}
/* How many entries are empty, of `count` from this one on in its page table; vm_lock held. */
static inline uint32_t pagedir_empty(const struct pagedir *pagedir, uintptr_t address, uint32_t count)
{
	pte_t directory_entry = *pagedir_span(pagedir, address);
	const pte_t *first = entry_table(directory_entry) + table_index(address);
	uint32_t empty = directory_entry ? 0 : count;
	while (empty < count && !first[empty])
		empty++;
	return empty;
}
/* Drops every entry of [start, end), freeing tables that become empty. spt->lock held,
 * vm_lock not: it is taken for a part of a table at a time. */
void pagedir_clear(struct pagedir *, uintptr_t start, uintptr_t end);
/* Takes PTE_LOCKED from every entry of [start, end); the pages stay mapped. Locks as pagedir_clear.
 * The range's spans are the space's own. */
void pagedir_unlock(struct pagedir *, uintptr_t start, uintptr_t end);
/* Makes every entry of [start, end) read-only. vm_lock held: the caller keeps the range
 * short. */
void pagedir_protect(struct pagedir *, uintptr_t start, uintptr_t end);

/* The number of the page table's frame for the address, if it belongs to nobody alone; 0. */
static inline uint32_t pagedir_shared_table(const struct pagedir *pagedir, uintptr_t address)
{
	uint32_t number = entry_frame(*pagedir_span(pagedir, address));
	return number && !frames[number].owner.pagedir ? number : 0;
}

/* How many user entries map a frame, the zero frame not counted: the resident set. Goes through
 * the directory. Under vm_lock or the space's lock it is exact. */
uint32_t pagedir_resident(const struct pagedir *);
/* Of one entry of the directory. */
uint32_t pagedir_resident_table(const struct pagedir *, uint32_t index);

/* The page table for the address, if there is one, is from now on the child's too: neither writes
 * through it. The child has none there yet. vm_lock and the parent's spt->lock held. */
void pagedir_share(struct pagedir *parent, struct pagedir *child, uintptr_t address);
/* If the page table for the address is shared: the last one who uses it owns it again; anybody
 * else has none there any more. vm_lock and spt->lock held. */
void pagedir_release(struct pagedir *, uintptr_t address);

/* Whether the entry was used since this was last asked: tests and clears its A bit, which the frame
 * keeps as FRAME_TOUCHED, for frame_test_accessed. It maps a page. vm_lock held. */
bool pagedir_test_accessed(const struct pagedir *, uintptr_t address);

/* Of a frame: drops every entry that maps it (its A bits to FRAME_TOUCHED, D to
 * FRAME_DIRTY) / makes them read-only, harvesting D / tests and clears their A bits.
 * vm_lock held. */
void frame_unmap(struct frame *);
void frame_write_protect(struct frame *);
bool frame_test_accessed(struct frame *);
/* Drops the entries through which one directory maps it, and nobody else but by a shared page
 * table. Returns how many. */
uint32_t frame_unmap_from(struct frame *, const struct pagedir *);
/* In how many places of address spaces it can be seen; a walk, for /proc. */
uint32_t frame_mapping_count(const struct frame *);
