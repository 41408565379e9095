/* SPDX-License-Identifier: MIT */
/*
 * What slots lie on, for swap.c, which gives them out, and swapon.c, which begins and ends with
 * one: a disk, or a file on one. Either way it is a list of extents, runs of pages that adjoin on
 * the disk. Its map is made of bitmaps of one page each, 32,768 slots or 128 MiB, so that a large
 * device needs no large allocation. All of it: vm_lock, but while it is set up or emptied.
 */
#pragma once

#include "lib/bitmap.h"
#include "lib/types.h"
#include "vm/page.h"

struct block_device;
struct page_source;

#define CHUNK_SLOTS (PAGE_SIZE * 8)
#define CHUNKS_MAX 128u /* 16 GiB */

/* Pages [first, first + pages) of the device lie at the sector. */
struct extent {
	uint32_t first, pages, sector;
};

#define EXTENTS_MAX (PAGE_SIZE / sizeof(struct extent))

struct swap_device {
	char name[64];              /* path or device; "": not in use */
	struct block_device *disk;
	struct page_source *file;   /* NULL: the whole device. Holds a reference */
	struct extent *extents;     /* one page of them, rising */
	uint32_t extent_count;
	struct bitmap chunks[CHUNKS_MAX];
	uint32_t chunk_count;
	uint32_t last_page;
	uint32_t slots, used;       /* without the header and what is broken */
	uint32_t next;              /* where the search for a free slot goes on */
	bool open;                  /* slots may be given out: not while it is set up or emptied */
};

/* A free record, filled in with what the device is to be; or NULL and why: -EBUSY, -EPERM (too
 * many, as swapon(2)). The same place under another name would give each slot to two pages. Takes
 * vm_lock. */
struct swap_device *swap_device_claim(const char *name, struct block_device *disk,
                                      struct page_source *file, int *error);
/* From now on slots are given out / no more, and the free ones do not count. vm_lock held. */
void swap_device_open(struct swap_device *, bool open);
/* The open device of that name, closed now; NULL if there is none. Takes vm_lock. */
struct swap_device *swap_device_close(const char *name);
/* Its number, as in its slots. */
uint32_t swap_device_number(const struct swap_device *);
