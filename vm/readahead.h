/* SPDX-License-Identifier: MIT */
/*
 * Doing a little more than was asked, out of the fault handler's way. Nothing here may fail a
 * fault, wait for a device, or evict: it stops when memory is short. Two boot options switch
 * it off, to see what it saves: vm.faultaround=0 and vm.readahead=0.
 */
#pragma once

#include "lib/types.h"

struct area;
struct spt;

void readahead_init(void); /* reads the boot options */

/* A page of a file was mapped: maps those of its neighbours that are in the page cache too,
 * within 64 KiB, so that the program does not fault for each. spt->lock held. */
void fault_around(struct spt *, struct area *, uintptr_t address);
/* A page of the area is being read from its file / from the swap device, as transfer of its
 * own. If the area is being read in order, starts reading what comes next: twice as much
 * each time, up to 32 pages; 32 from the first on with MADV_SEQUENTIAL, none with
 * MADV_RANDOM. spt->lock held. */
void readahead_file(struct area *, uintptr_t address);
void readahead_swap(struct spt *, struct area *, uintptr_t address);
/* MADV_WILLNEED: starts reading what of the range, which lies in the area, is not in memory.
 * spt->lock held. */
void readahead_range(struct spt *, struct area *, uintptr_t start, uintptr_t end);
