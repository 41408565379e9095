/* SPDX-License-Identifier: MIT */
/*
 * Doing a little more than was asked, out of the fault handler's way. Nothing here may fail a
 * fault, wait for what it reads, or evict: it stops when memory is short. Two boot options switch
 * it off, to see what it saves: vm.faultaround=0 and vm.readahead=0.
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
 */
#pragma once

#include "lib/types.h"

struct area;
struct spt;

void readahead_init(void); /* reads the boot options */

/* A page of a file was mapped: maps those of its neighbours that are in the page cache too,
 * within 64 KiB, so that the program does not fault for each. spt->lock held. */
void fault_around(struct spt *, struct area *, uintptr_t address);
/* The same for an anonymous page that was just mapped: those behind it that were read ahead, as
 * far as they have come, and not the first of the next window. Their entries say no more than
 * this page's. spt->lock and vm_lock held; the page tables are this space's own. */
void anon_around(struct spt *, struct area *, uintptr_t address);
/* A page of the area is being read from its file or the swap device, since it was missed. If the
 * area is being read in order, starts reading what comes next: from the first page on with
 * MADV_SEQUENTIAL, never with MADV_RANDOM. spt->lock held. */
void readahead_missed(struct spt *, struct area *, uintptr_t address);
/* A fault on a page that is in memory or on its way: if it is one of those that were last read
 * ahead, starts reading the next. spt->lock held. */
void readahead_reached(struct spt *, struct area *, uintptr_t address);
/* MADV_WILLNEED: starts reading what of the range, which lies in the area, is not in memory.
 * spt->lock held. */
void readahead_range(struct spt *, struct area *, uintptr_t start, uintptr_t end);
