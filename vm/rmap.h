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
 * A new mapping goes in front, where the process that came last is found first when it
 * leaves first. All calls: vm_lock held.
 */
#pragma once

#include "lib/types.h"
#include "vm/page.h"

struct frame;

struct mapping {
	pte_t *entry;
	uintptr_t rest;
};

/* A record from the heap, for rmap_add; NULL if there is no memory. vm_lock not held. */
struct mapping *mapping_alloc(void);
void mapping_free(struct mapping *);
uint32_t mapping_count(void); /* records in use, for the auditor */

/* Adds the entry. If the frame is mapped already that takes a record, which the caller
 * gives; else NULL will do. */
void rmap_add(struct frame *, pte_t *entry, struct mapping *spare);
void rmap_remove(struct frame *, pte_t *entry);
/* The entry at a place in a list, and the place after it:
 *   for (uintptr_t m = frame->mappings; m; m = rmap_rest(m)) use(rmap_entry(m)); */
pte_t *rmap_entry(uintptr_t mappings);
uintptr_t rmap_rest(uintptr_t mappings);
