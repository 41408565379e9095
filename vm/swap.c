/* SPDX-License-Identifier: MIT */
/*
 * Slots. A slot's number says its swap device in the top bits and its page there in the rest:
 *
 *    31   28 27                      0
 *   | device | page of the device     |      0: no slot (page 0 of a device holds its header)
 *
 * All of it: vm_lock.
 */
#include "vm/swap.h"

#include <asm/errno.h>

#include "kernel/boot_args.h"
#include "kernel/dev/block.h"
#include "kernel/panic.h"
#include "lib/string.h"
#include "vm/commit.h"
#include "vm/frame.h"
#include "vm/swap_device.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

#define CLUSTER_SLOTS 32u  /* what lies together goes as one transfer */
#define CLUSTER_LOOKS 256u /* for a free one, before a hole will do */
#define DEVICES_MAX 8u
#define PAGE_BITS 28

static struct swap_device devices[DEVICES_MAX];
static uint32_t open_slots;     /* of all open devices */
static uint32_t open_used;      /* in use, of open devices */
static uint32_t all_used;       /* of all devices */
static bool clusters_on;        /* vm.clusters=0: the next free slot will do */

static struct swap_device *device_of(uint32_t slot)
{
	return &devices[slot >> PAGE_BITS];
}

static uint32_t page_of(uint32_t slot)
{
	return slot & ((1u << PAGE_BITS) - 1);
}

/* ---- devices ---- */

struct swap_device *swap_device_claim(const char *name, struct block_device *disk,
                                      struct page_source *file, int *error)
{
	struct swap_device *free = NULL;
	clusters_on = boot_arg_number("vm.clusters", 1);
	*error = -EPERM; /* as swapon(2) for too many */
	spin_lock(&vm_lock);
	for (uint32_t i = 0; i < DEVICES_MAX; i++) {
		if (devices[i].name[0] && (strcmp(devices[i].name, name) == 0 ||
		                         (devices[i].disk == disk && devices[i].file == file)))
			*error = -EBUSY;
		else if (!devices[i].name[0] && !free)
			free = &devices[i];
	}
	if (*error == -EBUSY)
		free = NULL;
	if (free) {
		strlcpy(free->name, name, sizeof(free->name));
		free->disk = disk;
		free->file = file;
	}
	spin_unlock(&vm_lock);
	return free;
}

void swap_device_open(struct swap_device *device, bool open)
{
	device->open = open;
	open_slots += open ? device->slots : -device->slots;
	open_used += open ? device->used : -device->used;
	commit_set_swap(open_slots);
}

struct swap_device *swap_device_close(const char *name)
{
	struct swap_device *found = NULL;
	spin_lock(&vm_lock);
	for (uint32_t i = 0; i < DEVICES_MAX && !found; i++)
		if (devices[i].open && strcmp(devices[i].name, name) == 0)
			found = &devices[i];
	if (found)
		swap_device_open(found, false);
	spin_unlock(&vm_lock);
	return found;
}

uint32_t swap_device_number(const struct swap_device *device)
{
	return device - devices;
}

bool swap_slot_on(uint32_t slot, uint32_t device)
{
	return slot && slot >> PAGE_BITS == device;
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
	if (index >= DEVICES_MAX)
		return false;
	spin_lock(&vm_lock);
	*info = (struct swap_info){.is_file = devices[index].file, .slots = devices[index].slots,
	                           .used = devices[index].used};
	strlcpy(info->name, devices[index].open ? devices[index].name : "", sizeof(info->name));
	spin_unlock(&vm_lock);
	return true;
}

bool swap_uses_disk(const struct block_device *disk)
{
	for (uint32_t i = 0; i < DEVICES_MAX; i++)
		if (devices[i].name[0] && !devices[i].file && devices[i].disk == disk)
			return true;
	return false;
}

/* ---- slots ---- */

/* A cluster that is wholly free, at or behind the page, not far away: its first page; or 0. Each
 * is a word of a bitmap. */
static uint32_t free_cluster(const struct swap_device *device, uint32_t page)
{
	uint32_t cluster = (page + CLUSTER_SLOTS - 1) / CLUSTER_SLOTS;
	for (uint32_t looks = CLUSTER_LOOKS; looks > 0; looks--, cluster++) {
		uint32_t first = cluster * CLUSTER_SLOTS;
		if (first + CLUSTER_SLOTS > device->last_page)
			cluster = first = 0;
		const struct bitmap *chunk = &device->chunks[first / CHUNK_SLOTS];
		if (chunk->words[first % CHUNK_SLOTS / 32] == 0)
			return first;
	}
	return 0;
}

/* The next free slot of the device, which has one. Where the row of free ones ends, it goes on in a
 * cluster that is free as a whole, if there is one, and only else in the next hole. */
static uint32_t take_slot(struct swap_device *device)
{
	const struct bitmap *here = &device->chunks[device->next / CHUNK_SLOTS];
	if (clusters_on && bitmap_test(here, device->next % CHUNK_SLOTS)) {
		uint32_t cluster = free_cluster(device, device->next);
		if (cluster)
			device->next = cluster;
	}
	uint32_t chunk = device->next / CHUNK_SLOTS;
	uint32_t from = device->next % CHUNK_SLOTS;
	while (device->chunks[chunk].used == device->chunks[chunk].bits) {
		chunk = (chunk + 1) % device->chunk_count;
		from = 0;
	}
	uint32_t page = chunk * CHUNK_SLOTS + bitmap_take(&device->chunks[chunk], from);
	device->next = page < device->last_page ? page + 1 : 1;
	device->used++;
	return (uint32_t)(device - devices) << PAGE_BITS | page;
}

uint32_t swap_slot_alloc(void)
{
	ASSERT(spin_held(&vm_lock));
	for (uint32_t i = 0; i < DEVICES_MAX; i++) {
		if (!devices[i].open || devices[i].used == devices[i].slots)
			continue;
		open_used++;
		all_used++;
		uint32_t slot = take_slot(&devices[i]);
		trace_swap_take(slot, all_used);
		return slot;
	}
	return 0;
}

void swap_slot_free(uint32_t slot)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(swap_slot_in_use(slot), "a swap slot is freed that was not in use");
	struct swap_device *device = device_of(slot);
	bitmap_clear(&device->chunks[page_of(slot) / CHUNK_SLOTS], page_of(slot) % CHUNK_SLOTS);
	device->used--;
	all_used--;
	if (device->open)
		open_used--;
	trace_swap_give(slot, all_used);
}

void swap_slot_retire(uint32_t slot)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT(swap_slot_in_use(slot));
	struct swap_device *device = device_of(slot);
	device->slots--;
	device->used--;
	all_used--;
	if (device->open) {
		open_slots--;
		open_used--;
	}
}

bool swap_slot_in_use(uint32_t slot)
{
	uint32_t page = page_of(slot);
	if (slot >> PAGE_BITS >= DEVICES_MAX || page == 0 || page > device_of(slot)->last_page)
		return false;
	return bitmap_test(&device_of(slot)->chunks[page / CHUNK_SLOTS], page % CHUNK_SLOTS);
}

void swap_for_each_slot(void (*visit)(uint32_t slot))
{
	ASSERT(spin_held(&vm_lock));
	for (uint32_t i = 0; i < DEVICES_MAX; i++) {
		uint32_t left = devices[i].used;
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
	struct swap_device *device = device_of(slot);
	uint32_t page = page_of(slot), low = 0, high = device->extent_count;
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;
		if (device->extents[middle].first <= page)
			low = middle;
		else
			high = middle;
	}
	return device->extents[low].sector +
	       (page - device->extents[low].first) * SECTORS_PER_PAGE;
}

void swap_read(uint32_t slot, struct frame *frame)
{
	vm_count(VM_pswpin);
	trace_swap_in(slot, frame);
	frame_io_start(frame, device_of(slot)->disk, sector_of(slot), false);
}

void swap_write(uint32_t slot, struct frame *frame)
{
	vm_count(VM_pswpout);
	trace_swap_out(slot, frame);
	frame_io_start(frame, device_of(slot)->disk, sector_of(slot), true);
}
