/* SPDX-License-Identifier: MIT */
/*
 * The beginning and the end of a swap device: its header is read, its map made; and later every
 * page that lies there is brought in, wherever it belongs.
 */
#include "vm/swapon.h"

#include <asm/errno.h>

#include "kernel/dev/block.h"
#include "kernel/log.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "vm/anon.h"
#include "vm/pagecache.h"
#include "vm/shmem.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/swap_device.h"
#include "vm/vm.h"

#define PAUSE_NS (1000 * 1000u) /* between two rounds of emptying */

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

static struct extent *last_extent(struct swap_device *device)
{
	return device->extent_count ? &device->extents[device->extent_count - 1] : NULL;
}

/* Notes one more page of the device; it joins the last extent if it adjoins. */
static int add_page(struct swap_device *device, uint32_t page, uint32_t sector)
{
	struct extent *last = last_extent(device);
	if (last && sector == last->sector + last->pages * SECTORS_PER_PAGE) {
		last->pages++;
		return 0;
	}
	if (device->extent_count == EXTENTS_MAX)
		return -EFBIG;
	device->extents[device->extent_count++] = (struct extent){page, 1, sector};
	return 0;
}

/* Where the file's pages lie; each must have a place. */
static const char *find_extents(struct swap_device *device)
{
	if (!device->file) {
		device->extents[0] = (struct extent){0, device->disk->sectors / SECTORS_PER_PAGE, 0};
		device->extent_count = 1;
		return NULL;
	}
	for (uint32_t page = 0; page < device->file->size / PAGE_SIZE; page++) {
		uint32_t sector = device->file->ops->sector(device->file, page);
		if (thread_current()->killed)
			return "who wanted it was killed";
		if (sector == 0)
			return "it has holes";
		if (add_page(device, page, sector) != 0)
			return "it lies in too many pieces on the disk";
	}
	return device->extent_count ? NULL : "it is empty";
}

/* A bit for each page 0 .. last_page; those past it, and the header's, are taken for good. */
static int map_create(struct swap_device *device, uint32_t last_page)
{
	uint32_t pages = last_page + 1;
	for (uint32_t first = 0; first < pages; first += CHUNK_SLOTS) {
		uint32_t *words = kmalloc(PAGE_SIZE);
		if (!words)
			return -ENOMEM;
		uint32_t bits = pages - first < CHUNK_SLOTS ? pages - first : CHUNK_SLOTS;
		bitmap_init(&device->chunks[device->chunk_count++], words, bits);
	}
	bitmap_set(&device->chunks[0], 0);
	device->last_page = device->slots = last_page;
	device->next = 1;
	return 0;
}

static void device_clear(struct swap_device *device)
{
	for (uint32_t i = 0; i < device->chunk_count; i++)
		kfree(device->chunks[i].words);
	kfree(device->extents);
	if (device->file) {
		device->file->carries_swap = false;
		device->file->ops->put(device->file);
	}
	memset(device, 0, sizeof(*device));
}

static int read_header(struct swap_device *device, struct swap_header *header)
{
	const char *fault = find_extents(device);
	int error = fault ? -EINVAL : block_transfer(device->disk, false, device->extents[0].sector,
	                                             header, SECTORS_PER_PAGE);
	if (error && !fault)
		fault = "it cannot be read";
	struct extent *last = last_extent(device);
	if (!fault && (fault = header_fault(header, last->first + last->pages)))
		error = -EINVAL;
	if (fault)
		log_print("swap: %s cannot be used: %s", device->name, fault);
	return error;
}

static int device_set_up(struct swap_device *device)
{
	struct swap_header *header = kmalloc(PAGE_SIZE);
	device->extents = kmalloc(PAGE_SIZE);
	int error = header && device->extents ? read_header(device, header) : -ENOMEM;
	if (!error)
		error = map_create(device, header->last_page);
	kfree(header);
	return error;
}

/* Swap goes past the file's pages to its blocks: what was written to them comes first, and that
 * they are the file's must be on the disk before they hold anything else. */
static int settle_file(struct page_source *file)
{
	uint32_t told = file ? file->write_errors : 0;
	return file ? pagecache_make_durable(file, 0, UINT32_MAX, false, &told) : 0;
}

int swap_on(const char *name, struct block_device *disk, struct page_source *file)
{
	if (file && !file->ops->sector) {
		log_print("swap: %s cannot be used: its file system cannot carry swap", name);
		return -EINVAL;
	}
	if (disk->depth) {
		log_print("swap: %s cannot be used: to write to a file takes memory", name);
		return -EINVAL;
	}
	int error;
	struct swap_device *device = swap_device_claim(name, disk, file, &error);
	if (!device)
		return error;
	if (file) {
		file->ops->get(file);
		file->carries_swap = true;
	}
	error = settle_file(file);
	if (!error)
		error = device_set_up(device);
	if (error) {
		device_clear(device);
		return error;
	}
	spin_lock(&vm_lock);
	swap_device_open(device, true);
	spin_unlock(&vm_lock);
	log_print("swap: %u KiB on %s", device->slots * (PAGE_SIZE / 1024), name);
	return 0;
}

/* ---- emptying ---- */

/* Brings in what the space has in the device. */
static int empty_space(struct spt *spt, uint32_t device)
{
	SCOPED_WRITE(&spt->lock);
	struct anon *anon;
	uintptr_t address = 0;
	while ((anon = spt_next_anon(spt, &address))) {
		if (thread_current()->killed)
			return -EINTR;
		if (swap_slot_on(anon->slot, device)) {
			int error = anon_release_slot(anon);
			if (error)
				return error;
		}
		address += PAGE_SIZE;
	}
	return 0;
}

static int empty_device(uint32_t device)
{
	struct spt *spt = NULL;
	int error = 0;
	while (!error && (spt = spt_next(spt)))
		error = empty_space(spt, device);
	if (spt)
		spt_put(spt);
	return error ? error : shmem_leave_swap(device);
}

int swap_off(const char *name)
{
	struct swap_device *device = swap_device_close(name);
	if (!device)
		return -EINVAL;

	/* A page may be passed on (fork) while another space is looked at, or be of a space or file
	 * that is ending and gives it up by itself, as soon as it is not just being written. */
	int error = 0;
	while (device->used > 0 && !error) {
		error = thread_current()->killed ? -EINTR
		                                 : empty_device(swap_device_number(device));
		if (!error && device->used > 0)
			thread_sleep_until(clock_now() + PAUSE_NS);
	}
	if (device->used > 0) {
		spin_lock(&vm_lock);
		swap_device_open(device, true);
		spin_unlock(&vm_lock);
		return error;
	}
	/* The file's pages in the cache tell what was there before swap was. */
	if (device->file)
		pagecache_drop_clean_of(device->file);
	error = settle_file(device->file);
	device_clear(device);
	return error;
}
