/* SPDX-License-Identifier: MIT */
/*
 * An anon is the identity of one anonymous page, wherever it is. The idea is UVM's:
 * C. Cranor, "Design and Implementation of the UVM Virtual Memory System", 1998.
 *
 *   frame  slot   the page is
 *   yes    0      in memory only
 *   yes    yes    in memory; the slot holds the same bytes, unless the frame is dirty
 *                 or an entry that maps it has D set
 *   NULL   yes    on the swap device only
 *
 * references counts the supplemental entries that name it: more than one means that the
 * page is shared copy-on-write, in memory or not. All fields: vm_lock.
 */
#pragma once

#include "lib/types.h"
#include "kernel/panic.h"
#include "vm/vm.h"

struct frame;

struct anon {
	uint32_t references;
	struct frame *frame;
	uint32_t slot;
};

/* A record for a new anon; NULL if there is no memory. May sleep. anon_begin makes it one, with
 * one reference, owning the (pinned, unowned) frame, whose content is new: valid and dirty. It
 * enters the policy's queue. vm_lock held, until a supplemental entry names the anon. */
struct anon *anon_alloc(void);
void anon_begin(struct anon *, struct frame *);
uint32_t anons_alloc(struct anon **, uint32_t count); /* up to so many records; how many */
void anon_cancel(struct anon *); /* a record that shall not become one after all */
/* One reference more. vm_lock held. */
static inline void anon_get(struct anon *anon)
{
	ASSERT(spin_held(&vm_lock));
	anon->references++;
}

/* One less; the last one frees the anon, its frame and its slot. vm_lock held. */
void anon_free(struct anon *); /* for anon_put alone */
static inline void anon_put(struct anon *anon)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(anon->references > 0, "an anon is dropped once too often");
	if (--anon->references == 0)
		anon_free(anon);
}

/* One reference less of each anon of a range of a leaf, whose places become empty; at most
 * FRAMES_AT_ONCE places. How many there were. vm_lock held. */
uint32_t anons_put(struct anon **places, uint32_t count);

/* The (pinned, unowned) frame becomes the anon's, and the policy's to choose. */
void anon_attach(struct anon *, struct frame *);
/* The frame stops being the anon's: it is in no page table any more. */
void anon_detach(struct anon *);
/* The page of the anon that stands at the place, in a leaf, is on the swap device only: starts reading
 * it into a frame, which comes back pinned and busy. -ENOMEM, or -EAGAIN if that is not so any more,
 * when a frame has been found: another thread was faster. vm_lock not held; may sleep. */
int anon_start_reading(struct anon *const *place, struct frame **);
/* The frame has the page, so the copy on the swap device is not needed: its slot, if there is one, is
 * free again, and the frame is dirty. Not while a write to it is under way: false. vm_lock held. */
bool anon_give_up_slot(struct anon *);
/* Brings the page in if it is out, and gives up its slot (for swapoff). The lock of a space
 * that names the anon is held for writing; vm_lock not. May sleep. 0, -ENOMEM, -EIO. */
int anon_release_slot(struct anon *);
uint32_t anon_count(void); /* how many exist, for the auditor and /proc/meminfo */
