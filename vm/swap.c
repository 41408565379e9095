/* SPDX-License-Identifier: MIT */
/*
 * Swap areas and their slots. A slot's number says its area in the top bits and its page there
 * in the rest:
 *
 *    31   28 27                    0
 *   | area  | page of the area      |      0: no slot (page 0 of an area holds its header)
 *
 * An area lies on a device or in a file; either way it is a list of extents, runs of pages
 * that adjoin on the disk. Its map is made of bitmaps of one page each, 32,768 slots or
 * 128 MiB, so that a large area needs no large allocation. All of it: vm_lock.
 */
#include "vm/swap.h"

#include <asm/errno.h>

#include "kernel/boot_args.h"
#include "kernel/dev/block.h"
#include "kernel/log.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "vm/anon.h"
#include "vm/frame.h"
#include "vm/tracepoints.h"
#include "vm/pagecache.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/vm.h"

#define CHUNK_SLOTS (PAGE_SIZE * 8)
#define CHUNKS_MAX 128u /* 16 GiB */
#define CLUSTER_SLOTS 32u  /* what lies together goes as one transfer */
#define CLUSTER_LOOKS 256u /* for a free one, before a hole will do */

/* The first page of a swap device: mkswap(8), version 1. */
struct swap_header {
	char boot_bits[1024];
	uint32_t version;
	uint32_t last_page;
	uint32_t bad_pages;
	uint8_t uuid[16];
	char label[16];
	uint32_t padding[117];
	uint32_t bad[1];
	char rest[2546];
	char magic[10]; /* in the last ten bytes of the page */
} __attribute__((packed));

_Static_assert(sizeof(struct swap_header) == PAGE_SIZE, "the header is one page");

#define AREAS_MAX 8u
#define PAGE_BITS 28
#define ROUNDS_MAX 100 /* of emptying: each finds what moved meanwhile */

/* Pages [first, first + pages) of the area lie at the sector. */
struct extent {
	uint32_t first, pages, sector;
};

#define EXTENTS_MAX (PAGE_SIZE / sizeof(struct extent))

struct swap_area {
	char name[64];              /* path or device; "": not in use */
	struct block_device *device;
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

static struct swap_area areas[AREAS_MAX];
static uint32_t open_slots;     /* of all open areas */
static uint32_t open_used;      /* in use, of open areas */
static uint32_t all_used;       /* of all areas */
static int (*empty_others)(uint32_t area);
static bool clusters_on;        /* vm.clusters=0: the next free slot will do */

static struct swap_area *area_of(uint32_t slot)
{
	return &areas[slot >> PAGE_BITS];
}

static uint32_t page_of(uint32_t slot)
{
	return slot & ((1u << PAGE_BITS) - 1);
}

/* ---- setting up ---- */

/* Says in words why a header is refused; NULL if it is good. */
static const char *header_fault(const struct swap_header *header, uint32_t pages)
{
	if (memcmp(header->magic, "SWAPSPACE2", 10) != 0)
		return "it has no swap signature; make one with mkswap";
	if (header->version != 1)
		return "its swap header has an unknown version";
	if (header->bad_pages != 0)
		return "it lists bad pages, which are not supported";
	if (header->last_page == 0 || header->last_page >= pages)
		return "its header claims more pages than there are";
	if (header->last_page >= CHUNKS_MAX * CHUNK_SLOTS)
		return "it is larger than 16 GiB";
	return NULL;
}

static struct extent *last_extent(struct swap_area *area)
{
	return area->extent_count ? &area->extents[area->extent_count - 1] : NULL;
}

/* Notes one more page of the area; it joins the last extent if it adjoins. */
static int add_page(struct swap_area *area, uint32_t page, uint32_t sector)
{
	struct extent *last = last_extent(area);
	if (last && sector == last->sector + last->pages * SECTORS_PER_PAGE) {
		last->pages++;
		return 0;
	}
	if (area->extent_count == EXTENTS_MAX)
		return -EFBIG;
	area->extents[area->extent_count++] = (struct extent){page, 1, sector};
	return 0;
}

/* Where the file's pages lie; each must have a place. */
static const char *find_extents(struct swap_area *area)
{
	if (!area->file) {
		area->extents[0] = (struct extent){0, area->device->sectors / SECTORS_PER_PAGE, 0};
		area->extent_count = 1;
		return NULL;
	}
	for (uint32_t page = 0; page < area->file->size / PAGE_SIZE; page++) {
		uint32_t sector = area->file->ops->sector(area->file, page);
		if (sector == 0)
			return "it has holes";
		if (add_page(area, page, sector) != 0)
			return "it lies in too many pieces on the disk";
	}
	return area->extent_count ? NULL : "it is empty";
}

/* A bit for each page 0 .. last_page; those past it, and the header's, are taken for good. */
static int map_create(struct swap_area *area, uint32_t last_page)
{
	uint32_t pages = last_page + 1;
	for (uint32_t first = 0; first < pages; first += CHUNK_SLOTS) {
		uint32_t *words = kmalloc(PAGE_SIZE);
		if (!words)
			return -ENOMEM;
		uint32_t bits = pages - first < CHUNK_SLOTS ? pages - first : CHUNK_SLOTS;
		bitmap_init(&area->chunks[area->chunk_count++], words, bits);
	}
	bitmap_set(&area->chunks[0], 0);
	area->last_page = area->slots = last_page;
	area->next = 1;
	return 0;
}

static void area_clear(struct swap_area *area)
{
	for (uint32_t i = 0; i < area->chunk_count; i++)
		kfree(area->chunks[i].words);
	kfree(area->extents);
	if (area->file) {
		area->file->carries_swap = false;
		area->file->ops->put(area->file);
	}
	memset(area, 0, sizeof(*area));
}

static int read_header(struct swap_area *area, struct swap_header *header)
{
	const char *fault = find_extents(area);
	int error = fault ? -EINVAL : block_transfer(area->device, false, area->extents[0].sector,
	                                             header, SECTORS_PER_PAGE);
	if (error && !fault)
		fault = "it cannot be read";
	struct extent *last = last_extent(area);
	if (!fault && (fault = header_fault(header, last->first + last->pages)))
		error = -EINVAL;
	if (fault)
		log_print("swap: %s cannot be used: %s", area->name, fault);
	return error;
}

static int area_set_up(struct swap_area *area)
{
	struct swap_header *header = kmalloc(PAGE_SIZE);
	area->extents = kmalloc(PAGE_SIZE);
	int error = header && area->extents ? read_header(area, header) : -ENOMEM;
	if (!error)
		error = map_create(area, header->last_page);
	kfree(header);
	return error;
}

/* A free record, filled in with what the area is to be; or NULL and why. The same place under
 * another name would give each slot to two pages. */
static struct swap_area *area_claim(const char *name, struct block_device *device,
                                    struct page_source *file, int *error)
{
	struct swap_area *free = NULL;
	*error = -EPERM; /* as swapon(2) for too many */
	spin_lock(&vm_lock);
	for (uint32_t i = 0; i < AREAS_MAX; i++) {
		if (areas[i].name[0] && (strcmp(areas[i].name, name) == 0 ||
		                         (areas[i].device == device && areas[i].file == file)))
			*error = -EBUSY;
		else if (!areas[i].name[0] && !free)
			free = &areas[i];
	}
	if (*error == -EBUSY)
		free = NULL;
	if (free) {
		strlcpy(free->name, name, sizeof(free->name));
		free->device = device;
		free->file = file;
	}
	spin_unlock(&vm_lock);
	return free;
}

int swap_on(const char *name, struct block_device *device, struct page_source *file)
{
	clusters_on = boot_arg_number("vm.clusters", 1);
	if (file && !file->ops->sector) {
		log_print("swap: %s cannot be used: its file system cannot carry swap", name);
		return -EINVAL;
	}
	int error;
	struct swap_area *area = area_claim(name, device, file, &error);
	if (!area)
		return error;
	if (file) {
		file->ops->get(file);
		file->carries_swap = true;
	}
	error = file ? pagecache_sync(file, 0, UINT32_MAX) : 0;
	if (!error)
		error = area_set_up(area);
	spin_lock(&vm_lock);
	if (!error) {
		area->open = true;
		open_slots += area->slots;
	}
	spin_unlock(&vm_lock);
	if (error)
		area_clear(area);
	else
		log_print("swap: %u KiB on %s", area->slots * (PAGE_SIZE / 1024), name);
	return error;
}

/* ---- emptying ---- */

/* Brings in what the space has in the area. */
static int empty_space(struct spt *spt, uint32_t area)
{
	SCOPED_MUTEX(&spt->lock);
	struct anon *anon;
	uintptr_t address = 0;
	while ((anon = spt_next_anon(spt, &address))) {
		if (anon->slot && anon->slot >> PAGE_BITS == area) {
			int error = anon_release_slot(anon);
			if (error)
				return error;
		}
		address += PAGE_SIZE;
	}
	return 0;
}

static int empty_area(uint32_t area)
{
	struct spt *spt = NULL;
	int error = 0;
	while (!error && (spt = spt_next(spt)))
		error = empty_space(spt, area);
	if (spt)
		spt_put(spt);
	if (!error && empty_others)
		error = empty_others(area);
	return error;
}

/* Opens or closes the area for new slots. vm_lock held. */
static void area_open(struct swap_area *area, bool open)
{
	area->open = open;
	open_slots += open ? area->slots : -area->slots;
	open_used += open ? area->used : -area->used;
}

/* The open area of that name, closed now; NULL if there is none. */
static struct swap_area *area_close(const char *name)
{
	struct swap_area *found = NULL;
	spin_lock(&vm_lock);
	for (uint32_t i = 0; i < AREAS_MAX && !found; i++)
		if (areas[i].open && strcmp(areas[i].name, name) == 0)
			found = &areas[i];
	if (found)
		area_open(found, false);
	spin_unlock(&vm_lock);
	return found;
}

int swap_off(const char *name)
{
	struct swap_area *area = area_close(name);
	if (!area)
		return -EINVAL;

	/* A page may be passed on (fork) while another space is looked at, or be written just now
	 * for one that ended. */
	int error = 0;
	for (int round = 0; round < ROUNDS_MAX && area->used > 0 && !error; round++) {
		error = empty_area(area - areas);
		thread_yield();
	}
	if (area->used > 0) {
		spin_lock(&vm_lock);
		area_open(area, true);
		spin_unlock(&vm_lock);
		return error ? error : -EBUSY;
	}
	area_clear(area);
	return 0;
}

void swap_set_empty_hook(int (*empty)(uint32_t area))
{
	empty_others = empty;
}

bool swap_slot_in_area(uint32_t slot, uint32_t area)
{
	return slot && slot >> PAGE_BITS == area;
}

/* ---- what there is ---- */

bool swap_available(void)
{
	return open_used < open_slots;
}

uint32_t swap_total(void)
{
	return open_slots;
}

uint32_t swap_used(void)
{
	return all_used;
}

bool swap_describe(uint32_t index, struct swap_info *info)
{
	if (index >= AREAS_MAX)
		return false;
	spin_lock(&vm_lock);
	*info = (struct swap_info){.is_file = areas[index].file, .slots = areas[index].slots,
	                           .used = areas[index].used};
	strlcpy(info->name, areas[index].open ? areas[index].name : "", sizeof(info->name));
	spin_unlock(&vm_lock);
	return true;
}

bool swap_uses_device(const struct block_device *device)
{
	for (uint32_t i = 0; i < AREAS_MAX; i++)
		if (areas[i].name[0] && !areas[i].file && areas[i].device == device)
			return true;
	return false;
}

/* ---- slots ---- */

/* A cluster that is wholly free, at or behind the page, not far away: its first page; or 0. Each
 * is a word of a bitmap. */
static uint32_t free_cluster(const struct swap_area *area, uint32_t page)
{
	uint32_t cluster = (page + CLUSTER_SLOTS - 1) / CLUSTER_SLOTS;
	for (uint32_t looks = CLUSTER_LOOKS; looks > 0; looks--, cluster++) {
		uint32_t first = cluster * CLUSTER_SLOTS;
		if (first + CLUSTER_SLOTS > area->last_page)
			cluster = first = 0;
		const struct bitmap *chunk = &area->chunks[first / CHUNK_SLOTS];
		if (chunk->words[first % CHUNK_SLOTS / 32] == 0)
			return first;
	}
	return 0;
}

/* The next free slot of the area, which has one. Where the row of free ones ends, it goes on in a
 * cluster that is free as a whole, if there is one, and only else in the next hole. */
static uint32_t take_slot(struct swap_area *area)
{
	const struct bitmap *here = &area->chunks[area->next / CHUNK_SLOTS];
	if (clusters_on && bitmap_test(here, area->next % CHUNK_SLOTS)) {
		uint32_t cluster = free_cluster(area, area->next);
		if (cluster)
			area->next = cluster;
	}
	uint32_t chunk = area->next / CHUNK_SLOTS;
	uint32_t from = area->next % CHUNK_SLOTS;
	while (area->chunks[chunk].used == area->chunks[chunk].bits) {
		chunk = (chunk + 1) % area->chunk_count;
		from = 0;
	}
	uint32_t page = chunk * CHUNK_SLOTS + bitmap_take(&area->chunks[chunk], from);
	area->next = page < area->last_page ? page + 1 : 1;
	area->used++;
	return (uint32_t)(area - areas) << PAGE_BITS | page;
}

uint32_t swap_slot_alloc(void)
{
	ASSERT(spin_held(&vm_lock));
	for (uint32_t i = 0; i < AREAS_MAX; i++) {
		if (!areas[i].open || areas[i].used == areas[i].slots)
			continue;
		open_used++;
		all_used++;
		uint32_t slot = take_slot(&areas[i]);
		trace_swap_take(slot, all_used);
		return slot;
	}
	return 0;
}

void swap_slot_free(uint32_t slot)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(swap_slot_in_use(slot), "a swap slot is freed that was not in use");
	struct swap_area *area = area_of(slot);
	bitmap_clear(&area->chunks[page_of(slot) / CHUNK_SLOTS], page_of(slot) % CHUNK_SLOTS);
	area->used--;
	all_used--;
	if (area->open)
		open_used--;
	trace_swap_give(slot, all_used);
}

void swap_slot_retire(uint32_t slot)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT(swap_slot_in_use(slot));
	struct swap_area *area = area_of(slot);
	area->slots--;
	area->used--;
	all_used--;
	if (area->open) {
		open_slots--;
		open_used--;
	}
}

bool swap_slot_in_use(uint32_t slot)
{
	uint32_t page = page_of(slot);
	if (slot >> PAGE_BITS >= AREAS_MAX || page == 0 || page > area_of(slot)->last_page)
		return false;
	return bitmap_test(&area_of(slot)->chunks[page / CHUNK_SLOTS], page % CHUNK_SLOTS);
}

void swap_for_each_slot(void (*visit)(uint32_t slot))
{
	ASSERT(spin_held(&vm_lock));
	for (uint32_t i = 0; i < AREAS_MAX; i++) {
		uint32_t left = areas[i].used;
		for (uint32_t slot = i << PAGE_BITS; left > 0; slot++) {
			if (!swap_slot_in_use(slot))
				continue;
			left--;
			visit(slot);
		}
	}
}

/* The sector of a slot: its extent is found by halving. */
static uint32_t sector_of(uint32_t slot)
{
	struct swap_area *area = area_of(slot);
	uint32_t page = page_of(slot), low = 0, high = area->extent_count;
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;
		if (area->extents[middle].first <= page)
			low = middle;
		else
			high = middle;
	}
	return area->extents[low].sector +
	       (page - area->extents[low].first) * SECTORS_PER_PAGE;
}

void swap_read(uint32_t slot, struct frame *frame)
{
	vm_count(VM_pswpin);
	trace_swap_in(slot, frame);
	frame_io_start(frame, area_of(slot)->device, sector_of(slot), false);
}

void swap_write(uint32_t slot, struct frame *frame)
{
	vm_count(VM_pswpout);
	trace_swap_out(slot, frame);
	frame_io_start(frame, area_of(slot)->device, sector_of(slot), true);
}
