/* SPDX-License-Identifier: MIT */
/*
 * The swap device: slots of one page, 8 sectors each, on a mkswap area (SWAPSPACE2).
 * Slot 0 holds the header and is never used, so 0 means "no slot". A bitmap says which
 * are in use; slots are given out in rising order, next fit, so that pages evicted
 * together lie together and the block queue joins their transfers.
 */
#pragma once

#include "lib/types.h"

struct block_device;
struct frame;

/* Uses the device. -EINVAL: no swap signature or bad size (logged in words); -EBUSY: there
 * is one already; -EIO; -ENOMEM. */
int swap_on(struct block_device *);
bool swap_available(void);
uint32_t swap_total(void); /* slots, without the header */
uint32_t swap_used(void);
const char *swap_device_name(void); /* or NULL */

/* A slot, or 0 if none is free. vm_lock held. */
uint32_t swap_slot_alloc(void);
void swap_slot_free(uint32_t slot); /* vm_lock held */
bool swap_slot_in_use(uint32_t slot);

/* Starts reading / writing the (busy, pinned) frame; ends in frame_io_done. May sleep. */
void swap_read(uint32_t slot, struct frame *);
void swap_write(uint32_t slot, struct frame *);
