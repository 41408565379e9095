/* SPDX-License-Identifier: MIT */
/*
 * Swap slots. The map is made of bitmaps of one page each, 32,768 slots or 128 MiB, so that
 * a large device needs no large allocation. vm_lock guards it.
 */
#include "vm/swap.h"

#include <asm/errno.h>

#include "kernel/dev/block.h"
#include "kernel/log.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/vm.h"

#define CHUNK_SLOTS (PAGE_SIZE * 8)
#define CHUNKS_MAX 128u /* 16 GiB */

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

static struct {
	struct block_device *device; /* set once the map is ready */
	struct bitmap chunks[CHUNKS_MAX];
	uint32_t chunk_count;
	uint32_t slots;              /* usable, without the header */
	uint32_t used;
	uint32_t next;               /* where the search for a free slot goes on */
} swap;

/* Says in words why a header is refused; NULL if it is good. */
static const char *header_fault(const struct swap_header *header,
                                const struct block_device *device)
{
	if (memcmp(header->magic, "SWAPSPACE2", 10) != 0)
		return "it has no swap signature; make one with mkswap";
	if (header->version != 1)
		return "its swap header has an unknown version";
	if (header->bad_pages != 0)
		return "it lists bad pages, which are not supported";
	if (header->last_page == 0 || header->last_page >= device->sectors / SECTORS_PER_PAGE)
		return "its header claims more pages than the device has";
	if (header->last_page >= CHUNKS_MAX * CHUNK_SLOTS)
		return "it is larger than 16 GiB";
	return NULL;
}

static void map_free(void)
{
	for (uint32_t i = 0; i < swap.chunk_count; i++)
		kfree(swap.chunks[i].words);
	swap.chunk_count = 0;
}

/* A bit for each page 0 .. last_page; those past it, and the header's, are taken for good. */
static int map_create(uint32_t last_page)
{
	uint32_t pages = last_page + 1;
	for (uint32_t first = 0; first < pages; first += CHUNK_SLOTS) {
		uint32_t *words = kmalloc(PAGE_SIZE);
		if (!words) {
			map_free();
			return -ENOMEM;
		}
		uint32_t bits = pages - first < CHUNK_SLOTS ? pages - first : CHUNK_SLOTS;
		bitmap_init(&swap.chunks[swap.chunk_count++], words, bits);
	}
	bitmap_set(&swap.chunks[0], 0);
	swap.slots = last_page;
	swap.used = 0;
	swap.next = 1;
	return 0;
}

int swap_on(struct block_device *device)
{
	if (swap.device)
		return -EBUSY;
	struct swap_header *header = kmalloc(PAGE_SIZE);
	if (!header)
		return -ENOMEM;

	int error = block_transfer(device, false, 0, header, SECTORS_PER_PAGE);
	const char *fault = error ? "it cannot be read" : header_fault(header, device);
	if (fault) {
		log_print("swap: %s cannot be used: %s", device->name, fault);
		error = error ? error : -EINVAL;
	} else {
		error = map_create(header->last_page);
	}
	kfree(header);
	if (error)
		return error;
	swap.device = device;
	log_print("swap: %u KiB on %s", swap.slots * (PAGE_SIZE / 1024), device->name);
	return 0;
}

bool swap_available(void)
{
	return swap.used < swap.slots;
}

uint32_t swap_total(void)
{
	return swap.slots;
}

uint32_t swap_used(void)
{
	return swap.used;
}

const char *swap_device_name(void)
{
	return swap.device ? swap.device->name : NULL;
}

uint32_t swap_slot_alloc(void)
{
	ASSERT(spin_held(&vm_lock));
	if (!swap_available())
		return 0;
	uint32_t chunk = swap.next / CHUNK_SLOTS;
	uint32_t from = swap.next % CHUNK_SLOTS;
	while (swap.chunks[chunk].used == swap.chunks[chunk].bits) {
		chunk = (chunk + 1) % swap.chunk_count;
		from = 0;
	}
	uint32_t slot = chunk * CHUNK_SLOTS + bitmap_take(&swap.chunks[chunk], from);
	swap.used++;
	swap.next = slot < swap.slots ? slot + 1 : 1;
	return slot;
}

void swap_slot_free(uint32_t slot)
{
	ASSERT(spin_held(&vm_lock));
	ASSERT_SAYING(swap_slot_in_use(slot), "a swap slot is freed that was not in use");
	bitmap_clear(&swap.chunks[slot / CHUNK_SLOTS], slot % CHUNK_SLOTS);
	swap.used--;
}

bool swap_slot_in_use(uint32_t slot)
{
	return slot > 0 && slot <= swap.slots &&
	       bitmap_test(&swap.chunks[slot / CHUNK_SLOTS], slot % CHUNK_SLOTS);
}

void swap_read(uint32_t slot, struct frame *frame)
{
	vm_count(VM_pswpin);
	frame_io_start(frame, swap.device, slot * SECTORS_PER_PAGE, false);
}

void swap_write(uint32_t slot, struct frame *frame)
{
	vm_count(VM_pswpout);
	frame_io_start(frame, swap.device, slot * SECTORS_PER_PAGE, true);
}
