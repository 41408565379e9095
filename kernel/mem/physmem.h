/* SPDX-License-Identifier: MIT */
/*
 * Free physical page frames: take and give, O(1), never waits and never evicts.
 * Frames are named by number (physical address / 4096). Frame 0 is never given out,
 * so 0 means "none". Who holds a frame is noted, so that the auditor can count.
 * Its own spinlock guards it; callable anywhere, interrupts included.
 */
#pragma once

#include "lib/types.h"

enum physmem_holder {
	PHYSMEM_ABSENT,   /* no RAM there, or the firmware's */
	PHYSMEM_FREE,
	PHYSMEM_BOOT,     /* the kernel image and what was taken at start-up for good */
	PHYSMEM_HEAP,     /* slabs */
	PHYSMEM_STACK,    /* kernel stacks */
	PHYSMEM_VM,       /* struct frame knows */
};

struct multiboot_info;

/* Reads the memory map that the boot loader left and puts all usable RAM below
 * DIRECT_MAP_MAX on the free list. */
void physmem_init(const struct multiboot_info *);

/* During start-up only, before physmem_ready(): `pages` adjoining zeroed frames, for
 * good; panics if there are not enough. Returns their kernel address. */
void *physmem_boot_take(uint32_t pages);
/* Start-up is over: from here on single frames only. physmem_take works before, too. */
void physmem_ready(void);

/* Takes one free frame for `holder`; its content is whatever it was. Returns its number, or 0
 * if no more than `reserve` frames are free. */
uint32_t physmem_take(enum physmem_holder holder, uint32_t reserve);
/* The same, but rather a frame of zeros, if the idle thread has made one ready: *cleared. */
uint32_t physmem_take_cleared(enum physmem_holder holder, uint32_t reserve, bool *cleared);
/* Several at once, up to `count`, under one holding of the lock; of them the first *cleared ones are
 * zeros. How many. For vm/. */
uint32_t physmem_take_many(uint32_t reserve, uint32_t *frames, uint32_t count, uint32_t *cleared);
/* The idle thread's: clears one free frame for those who will want zeros. False if enough are
 * ready (physmem.cleared=N on the command line; 1,024 if it says nothing), or none is free. */
bool physmem_clear_ahead(void);
/* Gives the frame back. Debug builds fill it with junk (0xcc), and physmem_take looks
 * whether anybody wrote there meanwhile. */
void physmem_give(uint32_t frame);
/* Several at once, under one holding of the lock. */
void physmem_give_many(const uint32_t *frames, uint32_t count);

enum physmem_holder physmem_holder(uint32_t frame);
uint32_t physmem_end(void);   /* one past the highest frame number */
uint32_t physmem_total(void); /* frames of RAM in the kernel's hands, free or not */
uint32_t physmem_beyond(void); /* KiB of RAM above DIRECT_MAP_MAX, which nobody can use */
uint32_t physmem_free(void);  /* free ones now */
