/* SPDX-License-Identifier: MIT */
/*
 * Swap: slots of one page, 8 sectors each, on devices that mkswap(8) made (SWAPSPACE2): whole
 * disks, or files. Slots are given out in rising order, in whole free clusters of 32 while
 * there are some near, so that pages evicted together lie together and the block queue joins
 * their transfers (vm.clusters=0 at boot: next fit alone). 0 means "no slot".
 */
#pragma once

#include "lib/types.h"

struct block_device;
struct frame;

bool swap_available(void);
uint32_t swap_total(void); /* slots of all devices, without the headers */
uint32_t swap_used(void);
bool swap_uses_disk(const struct block_device *);

struct swap_info {
	char name[64]; /* "": none under this index */
	bool is_file;
	uint32_t slots, used;
};
/* The index-th device; false past the last index. */
bool swap_describe(uint32_t index, struct swap_info *);

/* A slot, or 0 if none is free. vm_lock held. */
uint32_t swap_slot_alloc(void);
void swap_slot_free(uint32_t slot); /* vm_lock held */
/* The slot, in use, turned out to be broken: it counts no more, and nobody gets it again until
 * the device is closed. vm_lock held. */
void swap_slot_retire(uint32_t slot);
bool swap_slot_in_use(uint32_t slot);
bool swap_slot_on(uint32_t slot, uint32_t device);
void swap_for_each_slot(void (*visit)(uint32_t slot)); /* in use; vm_lock held */

/* Starts reading / writing the (busy, pinned) frame; ends in frame_io_done. May sleep. */
void swap_read(uint32_t slot, struct frame *);
void swap_write(uint32_t slot, struct frame *);
