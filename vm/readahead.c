/* SPDX-License-Identifier: MIT */
/* Fault-around and read-ahead: see readahead.h. */
#include "vm/readahead.h"

#include "kernel/boot_args.h"
#include "kernel/dev/block.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
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
#define ZEROS_RUN 64u      /* pages of zeros that must have come in order before more are given; */
#define ZEROS_PART 16u     /* no more at a time than this part of those that came in order, */
#define ZEROS_MAX 32u      /* nor than this */
#define ZEROS_FREE_PART 4u /* memory is plentiful if more than this part of it is free */
#define ROOM_LEFT 32u   /* frames that are left for those who need one now */

static struct slab_cache ahead_cache = SLAB_CACHE("ahead", sizeof(struct ahead));
static bool around_on, ahead_on;
uint32_t zeros_run_least;

void readahead_init(void)
{
	around_on = boot_arg_number("vm.faultaround", 1);
	ahead_on = boot_arg_number("vm.readahead", 1);
	zeros_run_least = boot_arg_number("vm.anonaround", 1) ? ZEROS_RUN : UINT32_MAX;
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
	pagedir_set(&spt->pagedir, address, frame, (area->flags & AREA_LOCKED ? PTE_LOCKED : 0) |
	            area_no_execute(area));
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

/* How many pages of zeros more are given out behind the one at the address; 0 if frames are wanted.
 * They have no anon, and lie within the page table. */
static uint32_t zeros_window(const struct spt *spt, const struct area *area, uintptr_t address)
{
	if (spt->resident_limit != UINT32_MAX || area->flags & (AREA_LOCKED | AREA_RANDOM) ||
	    physmem_free() < physmem_total() / ZEROS_FREE_PART)
		return 0;
	uint32_t window = area->zeros_run / ZEROS_PART;
	uint32_t room = ENTRIES_PER_TABLE - 1 - table_index(address);
	uint32_t left = (area->end - address - PAGE_SIZE) >> PAGE_SHIFT;
	window = window < ZEROS_MAX ? window : ZEROS_MAX;
	window = window < room ? window : room;
	window = window < left ? window : left;
	return spt_anonless(spt, address + PAGE_SIZE, window);
}

static void zeros_given(struct area *area, uint32_t pages)
{
	area->zeros_next += pages * PAGE_SIZE;
	area->zeros_run += pages;
	vm_count_many(VM_fault_around, pages);
}

void zeros_around_read(struct spt *spt, struct area *area, uintptr_t address)
{
	uint32_t window = zeros_window(spt, area, address);
	window = pagedir_empty(&spt->pagedir, address += PAGE_SIZE, window);
	struct frame *mapped[ZEROS_MAX];
	for (uint32_t i = 0; i < window; i++)
		mapped[i] = zero_frame;
	pagedir_set_many(&spt->pagedir, address, mapped, window, area_no_execute(area));
	zeros_given(area, window);
}

void zeros_around_write(struct spt *spt, struct area *area, uintptr_t address, pte_t bits)
{
	uint32_t window = zeros_window(spt, area, address);
	struct anon *anons[ZEROS_MAX];
	struct frame *mapped[ZEROS_MAX];
	if (!window)
		return;
	uint32_t records = anons_alloc(anons, window);
	uint32_t made = frames_alloc_zeroed(mapped, records);
	while (records > made)
		anon_cancel(anons[--records]);
	address += PAGE_SIZE;
	spin_lock(&vm_lock);
	/* Another thread may have come there meanwhile. */
	window = spt_anonless(spt, address, made);
	while (made > window) {
		frame_unpin_locked(mapped[--made]);
		anon_cancel(anons[made]);
	}
	for (uint32_t i = 0; i < made; i++)
		anon_begin(anons[i], mapped[i]);
	spt_anons_set(spt, address, anons, made);
	pagedir_set_many(&spt->pagedir, address, mapped, made, bits);
	for (uint32_t i = 0; i < made; i++)
		frame_unpin_locked(mapped[i]);
	zeros_given(area, made);
	spin_unlock(&vm_lock);
}

/* The stream that reads ahead around the address: its window, the one before it, or a little behind;
 * NULL if none does. */
static struct ahead_stream *stream_around(const struct area *area, uintptr_t address)
{
	if (!area->ahead)
		return NULL;
	struct ahead_stream *stream = area->ahead->streams;
	for (; stream < area->ahead->streams + AHEAD_STREAMS; stream++)
		if (stream->window && stream->next - address <= 2 * WINDOW_MAX * PAGE_SIZE)
			return stream;
	return NULL;
}

void anon_around(struct spt *spt, struct area *area, uintptr_t address)
{
	if (!area->ahead || !around_on || spt->resident_limit != UINT32_MAX)
		return;
	const struct ahead_stream *stream = stream_around(area, address);
	if (!stream)
		return;
	uintptr_t end = address < stream->mark ? stream->mark : stream->next;
	if (end > area->end)
		end = area->end;

	pte_t bits = pagedir_entry(&spt->pagedir, address) & (PTE_W | PTE_NX | PTE_LOCKED);
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
	struct page_source *source = area->source;
	uint32_t page = area_source_page(area, address);
	struct frame *frame;
	bool started;
	if (page >= source_pages(source) ||
	    (source->ops->stored && !source->ops->stored(source, page)) ||
	    pagecache_start(source, page, &frame, &started) != 0)
		return false;
	frame_unpin(frame);
	return started;
}

/* Starts reading the page of the anon there, if it is on the swap device only. Returns whether. */
static bool start_swap_in(struct anon *const *place)
{
	struct frame *frame;
	spin_lock(&vm_lock);
	bool out = *place && !(*place)->frame;
	spin_unlock(&vm_lock);
	if (!out || anon_start_reading(place, &frame) != 0)
		return false;
	frame_unpin(frame);
	return true;
}

static bool start_read(struct spt *spt, struct area *area, uintptr_t address)
{
	struct anon *const *place = spt_place(spt, address);
	if (place && *place)
		return start_swap_in(place);
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

/* Reads the stream's next window, behind `start`. */
static void window_start(struct spt *spt, struct area *area, struct ahead_stream *stream,
                         uintptr_t start)
{
	uint32_t room = start < area->end ? (area->end - start) / PAGE_SIZE : 0;
	uint32_t pages = stream->window < room ? stream->window : room;
	stream->next = start;
	stream->mark = 0;
	if (pages)
		stream->mark = start_range(spt, area, &stream->next, start + pages * PAGE_SIZE);
}

static void window_grow(struct ahead_stream *stream)
{
	stream->window = stream->window ? 2 * stream->window : WINDOW_FIRST;
	if (stream->window > WINDOW_MAX)
		stream->window = WINDOW_MAX;
}

/* A stream is given up: was its last window used? */
static void window_judge(struct spt *spt, struct ahead *ahead, const struct ahead_stream *stream)
{
	uintptr_t address = stream->next - stream->window * PAGE_SIZE;
	uint32_t used = 0;
	spin_lock(&vm_lock);
	for (; address < stream->next; address += PAGE_SIZE)
		used += (pagedir_entry(&spt->pagedir, address) & PTE_A) != 0;
	spin_unlock(&vm_lock);
	if (2 * used >= stream->window)
		ahead->doubt /= 2;
	else if (ahead->doubt < DOUBT_MAX)
		ahead->doubt = 2 * ahead->doubt + 1;
}

/* Whether a read at the address goes on where the stream's last one ended, or a little further,
 * where what is between was in memory. */
static bool in_order(const struct ahead_stream *stream, uintptr_t address)
{
	if (stream->window)
		return address - stream->next < WINDOW_MAX * PAGE_SIZE;
	return address == stream->next;
}

/* The stream that a miss at the address goes on, or a new one in place of the one that was used
 * longest ago; it is in front then. */
static struct ahead_stream *stream_of(struct spt *spt, struct ahead *ahead, uintptr_t address)
{
	struct ahead_stream *streams = ahead->streams, found;
	uint32_t i = 0;
	while (i < AHEAD_STREAMS - 1 && streams[i].next && !in_order(&streams[i], address))
		i++;
	found = streams[i];
	if (!in_order(&found, address)) {
		if (found.window)
			window_judge(spt, ahead, &found);
		found = (struct ahead_stream){0};
	} else if (++found.run > ahead->doubt) {
		window_grow(&found);
	}
	memmove(&streams[1], &streams[0], i * sizeof(streams[0]));
	streams[0] = found;
	return &streams[0];
}

/* Makes the area's state of reading ahead, which threads side by side may try to do. */
static struct ahead *ahead_begin(struct area *area)
{
	struct ahead *nobodys = NULL, *ahead = slab_alloc_zeroed(&ahead_cache);
	if (ahead && !__atomic_compare_exchange_n(&area->ahead, &nobodys, ahead, false,
	                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		slab_free(&ahead_cache, ahead);
	return area->ahead;
}

/* True: the state is this thread's until `busy` is cleared. False: another thread reads by it, and
 * this one does without. */
static bool ahead_take(struct ahead *ahead)
{
	return !__atomic_test_and_set(&ahead->busy, __ATOMIC_ACQUIRE);
}

static void ahead_give(struct ahead *ahead)
{
	__atomic_clear(&ahead->busy, __ATOMIC_RELEASE);
}

void readahead_missed(struct spt *spt, struct area *area, uintptr_t address)
{
	if (!ahead_on || area->flags & AREA_RANDOM)
		return;
	struct ahead *ahead = area->ahead ? area->ahead : ahead_begin(area);
	if (!ahead || !ahead_take(ahead))
		return;
	struct ahead_stream *stream = stream_of(spt, ahead, address);
	if (area->flags & AREA_SEQUENTIAL)
		stream->window = WINDOW_MAX;
	window_start(spt, area, stream, address + PAGE_SIZE);
	ahead_give(ahead);
}

void readahead_reached_stream(struct spt *spt, struct area *area, uintptr_t address)
{
	struct ahead *ahead = area->ahead;
	if (!ahead_take(ahead))
		return;
	struct ahead_stream *stream = ahead->streams, *end = stream + AHEAD_STREAMS;
	while (stream < end && (!stream->mark || address < stream->mark || address >= stream->next))
		stream++;
	if (stream < end) {
		window_grow(stream);
		window_start(spt, area, stream, stream->next);
	}
	ahead_give(ahead);
}

void readahead_range(struct spt *spt, struct area *area, uintptr_t start, uintptr_t end)
{
	start_range(spt, area, &start, end);
}
