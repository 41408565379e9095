/* SPDX-License-Identifier: MIT */
/*
 * The reverse map: from a frame to the page-table entries that map it. A mapping is the
 * place of an entry, not a process and an address; the frame of the page table around the
 * entry says which directory and which address that is.
 *
 * Most frames are mapped once, so a list's last element needs no record: frame->mappings is
 *   0                   no entry
 *   address of an entry the only one, or the last one
 *   record address | 1  a record: one entry, and the rest of the list in the same notation
 *
 *   frame A -> [ entry 7 | o-+-> [ entry 2 | o-+-> entry 5           frame B -> entry 9
 *              [ before  | o-+-> the last of the records
 *
 * An entry finds its record by a hash table, and a record those beside it: adding and removing
 * cost the same however many entries map the frame. That is paid for with 16 bytes for each
 * entry but the first that maps a frame, and with a word for every frame of the machine. All
 * calls: vm_lock held.
 */
#pragma once

#include "lib/types.h"
#include "kernel/panic.h"
#include "vm/frame.h"
#include "vm/page.h"
#include "vm/vm.h"

struct mapping {
	pte_t *entry;
	uintptr_t rest;            /* of the list; or the next spare record: pagedir.c */
	struct mapping *before;    /* the record in front of it; of the first one, the last */
	struct mapping *hash_next;
};

/* The hash table; while physmem_boot_take works. vm_lock not held. */
void rmap_init(void);

/* Records from the heap, for rmap_add: as many as there is memory for, up to `count`; their number.
 * vm_lock not held. */
uint32_t mappings_alloc(void **records, uint32_t count);
void mappings_free(void *const *records, uint32_t count);
uint32_t mapping_count(void); /* records in use, for the auditor */

/* Adds the entry, which maps no other frame. If the frame is mapped already that takes a record,
 * which the caller gives; else NULL will do. */
void rmap_add_one_more(struct frame *, pte_t *entry, struct mapping *spare);
static inline void rmap_add(struct frame *frame, pte_t *entry, struct mapping *spare)
{
	if (!frame->mappings)
		frame->mappings = (uintptr_t)entry;
	else
		rmap_add_one_more(frame, entry, spare);
}

/* Takes the entry out. The record that is not needed any more is the caller's, or NULL. */
struct mapping *rmap_take_one_of(struct frame *, const pte_t *entry);
static inline struct mapping *rmap_take(struct frame *frame, const pte_t *entry)
{
	if (__builtin_expect(frame->mappings != (uintptr_t)entry, false))
		return rmap_take_one_of(frame, entry);
	frame->mappings = 0;
	return NULL;
}

/* The entry at a place in a list, and the place after it:
 *   for (uintptr_t m = frame->mappings; m; m = rmap_rest(m)) use(rmap_entry(m)); */
pte_t *rmap_entry(uintptr_t mappings);
uintptr_t rmap_rest(uintptr_t mappings);
