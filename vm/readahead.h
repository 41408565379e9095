/* SPDX-License-Identifier: MIT */
/*
 * Doing a little more than was asked, out of the fault handler's way. Nothing here may fail a
 * fault, wait for what it reads, or evict: it stops when memory is short. Three boot options
 * switch it off, to see what it saves: vm.faultaround=0, vm.readahead=0 and vm.anonaround=0.
 *
 * Reading ahead, while a program reads an area in order:
 *
 *        used            being used         on its way
 *   ... ------------ [ mark           ) [               ) ahead_next
 *                       ^ the program's first fault in here asks for that, twice as much each
 *                         time, up to 32 pages
 *
 * so the disk works while the program uses what came before. Pages are found by address: those
 * evicted together lie together on the swap device, and the block queue joins them again. How
 * much of a window was used is seen when the program turns elsewhere: an area of which much was
 * read in vain must be read in order for longer before it is believed, up to 16 pages.
 *
 * A program may read at several places of an area in turn, as a merge of sorted parts does: an area
 * has up to AHEAD_STREAMS such streams, noted from its first miss on (136 bytes on the heap).
 */
#pragma once

#include "lib/types.h"

#include "vm/area.h"
#include "vm/pagedir.h"

struct spt;

void readahead_init(void); /* reads the boot options */

/* A page of a file was mapped: maps those of its neighbours that are in the page cache too,
 * within 64 KiB, so that the program does not fault for each. spt->lock held. */
void fault_around(struct spt *, struct area *, uintptr_t address);
/* The same for an anonymous page that was just mapped: those behind it that were read ahead, as
 * far as they have come, and not the first of the next window. Their entries say no more than
 * this page's. spt->lock and vm_lock held; the page tables are this space's own. */
void anon_around(struct spt *, struct area *, uintptr_t address);
/* Whether the page of zeros that is mapped at the address goes on many that came in order. */
extern uint32_t zeros_run_least; /* 64; none with vm.anonaround=0 */
static inline bool zeros_in_order(struct area *area, uintptr_t address)
{
	area->zeros_run = address == area->zeros_next ? area->zeros_run + 1 : 1;
	area->zeros_next = address + PAGE_SIZE;
	return area->zeros_run >= zeros_run_least;
}
/* After such a page, which is read: if memory is plentiful the next ones are mapped, too. As above,
 * and vm_lock held. */
void zeros_around_read(struct spt *, struct area *, uintptr_t address);
/* The same for a page that was written to: frames of zeros, of the program's own. The bits are those
 * of its entry. spt->lock held, vm_lock not. May sleep. */
void zeros_around_write(struct spt *, struct area *, uintptr_t address, pte_t bits);
/* A page of the area is being read from its file or the swap device, since it was missed. If the
 * area is being read in order, starts reading what comes next: from the first page on with
 * MADV_SEQUENTIAL, never with MADV_RANDOM. spt->lock held. */
void readahead_missed(struct spt *, struct area *, uintptr_t address);
/* A fault on a page that is in memory or on its way: if it is one of those that were last read
 * ahead, starts reading the next. spt->lock held. */
void readahead_reached_stream(struct spt *, struct area *, uintptr_t address); /* for the next */
static inline void readahead_reached(struct spt *spt, struct area *area, uintptr_t address)
{
	if (area->ahead)
		readahead_reached_stream(spt, area, address);
}
/* MADV_WILLNEED: starts reading what of the range, which lies in the area, is not in memory.
 * spt->lock held. */
void readahead_range(struct spt *, struct area *, uintptr_t start, uintptr_t end);
