/* SPDX-License-Identifier: MIT */
/* Fault-around and read-ahead: see readahead.h. */
#include "vm/readahead.h"

#include "kernel/boot_args.h"
#include "kernel/dev/block.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/evict.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/pagedir.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/vm.h"

#define AROUND_BYTES (16 * PAGE_SIZE)
#define WINDOW_FIRST 2u /* pages read ahead when a second read in order is seen */
#define WINDOW_MAX 32u
#define DOUBT_MAX 15u
#define ROOM_LEFT 32u   /* frames that are left for those who need one now */

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
	if (!frame || !frame_has(frame, FRAME_VALID) ||
	    !pagedir_can_set(&spt->pagedir, address, frame))
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

void anon_around(struct spt *spt, struct area *area, uintptr_t address)
{
	uintptr_t mark = area->ahead_mark, end = area->ahead_next;
	if (!around_on || !area->ahead_window || spt->resident_limit != UINT32_MAX)
		return;
	if (address < mark)
		end = mark;
	if (end > area->end)
		end = area->end;

	pte_t bits = pagedir_entry(&spt->pagedir, address) & (PTE_W | PTE_LOCKED);
	while ((address += PAGE_SIZE) < end && table_index(address) != 0) {
		struct anon *anon = spt_anon(spt, address);
		struct frame *frame = anon ? anon->frame : NULL;
		if (!frame || pagedir_entry(&spt->pagedir, address))
			continue;
		if (!frame_has(frame, FRAME_VALID) || frame_has(frame, FRAME_BUSY) ||
		    !pagedir_can_set(&spt->pagedir, address, frame))
			break;
		pagedir_set(&spt->pagedir, address, frame,
		            anon->references > 1 ? bits & ~PTE_W : bits);
		vm_count(VM_fault_around);
	}
}

/* Starts reading the file's page behind the address. Returns whether it went to the device. */
static bool start_file_read(struct area *area, uintptr_t address)
{
	uint32_t page = area_source_page(area, address);
	struct frame *frame;
	bool started;
	if (page >= source_pages(area->source) ||
	    pagecache_start(area->source, page, &frame, &started) != 0)
		return false;
	frame_unpin(frame);
	return started;
}

/* Starts reading the anon's page, if it is on the swap device only. Returns whether. */
static bool start_swap_in(struct anon *anon)
{
	struct frame *frame;
	if (anon->frame || anon_start_reading(anon, &frame) != 0)
		return false;
	frame_unpin(frame);
	return true;
}

static bool start_read(struct spt *spt, struct area *area, uintptr_t address)
{
	struct anon *anon = spt_anon(spt, address);
	if (anon)
		return start_swap_in(anon);
	return area->source && address < area->file_end && start_file_read(area, address);
}

/* Starts reading what is not in memory of [start, end), as one transfer if it lies together.
 * Returns the first page that went to the device, or 0; *start moves to where it stopped. */
static uintptr_t start_range(struct spt *spt, struct area *area, uintptr_t *start, uintptr_t end)
{
	uintptr_t first = 0;
	block_plug_all();
	for (; *start < end && evict_room() > ROOM_LEFT; *start += PAGE_SIZE)
		if (start_read(spt, area, *start) && !first)
			first = *start;
	block_unplug_all();
	return first;
}

/* Reads the next window, behind `start`. */
static void window_start(struct spt *spt, struct area *area, uintptr_t start)
{
	uint32_t room = start < area->end ? (area->end - start) / PAGE_SIZE : 0;
	uint32_t pages = area->ahead_window < room ? area->ahead_window : room;
	area->ahead_next = start;
	area->ahead_mark = 0;
	if (pages)
		area->ahead_mark = start_range(spt, area, &area->ahead_next,
		                               start + pages * PAGE_SIZE);
}

static void window_grow(struct area *area)
{
	area->ahead_window = area->ahead_window ? 2 * area->ahead_window : WINDOW_FIRST;
	if (area->ahead_window > WINDOW_MAX)
		area->ahead_window = WINDOW_MAX;
}

/* The program turned elsewhere: was the last window used? */
static void window_judge(struct spt *spt, struct area *area)
{
	uintptr_t address = area->ahead_next - area->ahead_window * PAGE_SIZE;
	uint32_t used = 0;
	spin_lock(&vm_lock);
	for (; address < area->ahead_next; address += PAGE_SIZE)
		used += (pagedir_entry(&spt->pagedir, address) & PTE_A) != 0;
	spin_unlock(&vm_lock);
	if (2 * used >= area->ahead_window)
		area->ahead_doubt /= 2;
	else if (area->ahead_doubt < DOUBT_MAX)
		area->ahead_doubt = 2 * area->ahead_doubt + 1;
}

/* Whether a read at the address goes on where the last one ended, or a little further, where
 * what is between was in memory. */
static bool in_order(const struct area *area, uintptr_t address)
{
	if (area->ahead_window)
		return address - area->ahead_next < WINDOW_MAX * PAGE_SIZE;
	return address == area->ahead_next;
}

void readahead_missed(struct spt *spt, struct area *area, uintptr_t address)
{
	if (!ahead_on || area->flags & AREA_RANDOM)
		return;
	if (area->flags & AREA_SEQUENTIAL) {
		area->ahead_window = WINDOW_MAX;
	} else if (!in_order(area, address)) {
		if (area->ahead_window)
			window_judge(spt, area);
		area->ahead_run = 0;
		area->ahead_window = 0;
	} else if (++area->ahead_run > area->ahead_doubt) {
		window_grow(area);
	}
	window_start(spt, area, address + PAGE_SIZE);
}

void readahead_reached(struct spt *spt, struct area *area, uintptr_t address)
{
	if (!area->ahead_mark || address < area->ahead_mark || address >= area->ahead_next)
		return;
	window_grow(area);
	window_start(spt, area, area->ahead_next);
}

void readahead_range(struct spt *spt, struct area *area, uintptr_t start, uintptr_t end)
{
	start_range(spt, area, &start, end);
}
