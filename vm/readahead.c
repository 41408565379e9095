/* SPDX-License-Identifier: MIT */
/* Fault-around and read-ahead: see readahead.h. */
#include "vm/readahead.h"

#include "kernel/boot_args.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/evict.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/pagedir.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/swap.h"
#include "vm/vm.h"

#define AROUND_BYTES (16 * PAGE_SIZE)
#define WINDOW_FIRST 2u /* pages read ahead when a second read in order is seen */
#define WINDOW_MAX 32u

static bool around_on, ahead_on;

void readahead_init(void)
{
	around_on = boot_arg_number("vm.faultaround", 1);
	ahead_on = boot_arg_number("vm.readahead", 1);
}

/* Maps one neighbour, if all it takes is at hand. vm_lock held. */
static void map_neighbour(struct spt *spt, struct area *area, uintptr_t address)
{
	if (spt_anon(spt, address) || pagedir_entry(&spt->pagedir, address))
		return;
	struct frame *frame = pagecache_find(area->source, area_source_page(area, address));
	if (!frame || !frame_has(frame, FRAME_VALID) || !pagedir_can_set(&spt->pagedir, address, frame))
		return;
	pagedir_set(&spt->pagedir, address, frame, area->flags & AREA_LOCKED ? PTE_LOCKED : 0);
	vm_count(VM_fault_around);
}

void fault_around(struct spt *spt, struct area *area, uintptr_t address)
{
	if (!around_on || spt->resident_limit != UINT32_MAX)
		return;
	uintptr_t start = address & ~(AROUND_BYTES - 1);
	uintptr_t end = start + AROUND_BYTES;
	/* Not past the area, nor the file's last page, nor the one where zeros begin. Of an area
	 * that was cut the file's part may end behind its end. */
	uintptr_t limit = page_round_down(area->file_end);
	if (limit > area->end)
		limit = area->end;
	uint32_t pages = source_pages(area->source);
	pages = pages > area->first_page ? pages - area->first_page : 0;
	if (pages < (limit - area_start(area)) >> PAGE_SHIFT)
		limit = area_start(area) + (pages << PAGE_SHIFT);
	if (start < area_start(area))
		start = area_start(area);
	if (end > limit)
		end = limit;

	pagedir_stock(&spt->pagedir, AROUND_BYTES / PAGE_SIZE);
	spin_lock(&vm_lock);
	for (; start < end; start += PAGE_SIZE)
		map_neighbour(spt, area, start);
	spin_unlock(&vm_lock);
}

/* How many pages to read ahead of a read at `address`: none at first, then twice as much with
 * each read that goes on where the last one ended; unless the program said what it will do. */
static uint32_t next_window(struct area *area, uintptr_t address)
{
	uint32_t window = 0;
	if (!ahead_on || area->flags & AREA_RANDOM)
		return 0;
	if (area->flags & AREA_SEQUENTIAL)
		window = WINDOW_MAX;
	else if (address == area->ahead_next)
		window = area->ahead_window ? 2 * area->ahead_window : WINDOW_FIRST;
	if (window > WINDOW_MAX)
		window = WINDOW_MAX;
	uint32_t room = (area->end - address) / PAGE_SIZE - 1;
	area->ahead_window = window;
	return window < room ? window : room;
}

/* Starts reading the file's page behind the address. Returns whether there is one. */
static bool start_file_read(struct area *area, uintptr_t address)
{
	uint32_t page = area_source_page(area, address);
	struct frame *frame;
	bool started;
	if (page >= source_pages(area->source) ||
	    pagecache_start(area->source, page, &frame, &started) != 0)
		return false;
	frame_unpin(frame);
	return true;
}

void readahead_file(struct area *area, uintptr_t address)
{
	uint32_t window = next_window(area, address);
	address += PAGE_SIZE;
	for (; window > 0 && !evict_short(); window--, address += PAGE_SIZE) {
		if (!start_file_read(area, address))
			break;
	}
	area->ahead_next = address;
}

/* Starts reading the anon's page, if it is on the swap device and lies behind the last one
 * read. Returns whether. */
static bool start_swap_in(struct anon *anon, uint32_t slot)
{
	struct frame *frame;
	if (anon->frame || anon->slot != slot || anon_start_reading(anon, &frame) != 0)
		return false;
	frame_unpin(frame);
	return true;
}

void readahead_swap(struct spt *spt, struct area *area, uintptr_t address)
{
	struct anon *anon = spt_anon(spt, address);
	uint32_t window = next_window(area, address);
	uint32_t slot = anon->slot;
	address += PAGE_SIZE;
	for (; window > 0 && !evict_short(); window--, address += PAGE_SIZE) {
		anon = spt_anon(spt, address);
		if (!anon || !start_swap_in(anon, ++slot))
			break;
	}
	area->ahead_next = address;
}

void readahead_range(struct spt *spt, struct area *area, uintptr_t start, uintptr_t end)
{
	for (; start < end && !evict_short(); start += PAGE_SIZE) {
		struct anon *anon = spt_anon(spt, start);
		if (anon)
			start_swap_in(anon, anon->slot);
		else if (area->source && start < area->file_end)
			start_file_read(area, start);
	}
}
