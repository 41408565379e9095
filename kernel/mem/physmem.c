/* SPDX-License-Identifier: MIT */
/*
 * Free physical page frames. During start-up memory is taken from the lowest address
 * upward: `boot_next` is where to look on. physmem_ready() puts every frame that is
 * still free on a stack of frame numbers; then taking and giving are a pop and a push. A second
 * stack has frames that the idle thread has cleared.
 *
 * The frames on the first are not touched: a guest with much RAM starts as fast as a small
 * one.
 */
#include "kernel/mem/physmem.h"

#include "boot/multiboot.h"
#include "kernel/boot_args.h"
#include "kernel/cpu/wide.h"
#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "kernel/sync/spinlock.h"
#include "kernel/trace.h"
#include "lib/string.h"

#define RANGES_MAX 16
#define NEVER_TAKEN 0x80000000u /* in free_stack, beside the number */
#define CLEARED_MOST (PAGE_SIZE / sizeof(uint32_t))
#define LOW_RAM_END 0x100000u /* below are the firmware's data and device windows */

struct ram_range {
	uint32_t start, end; /* frame numbers */
};

extern char kernel_start[], kernel_end[]; /* linker.ld */

/* Written during start-up only. */
static struct ram_range ranges[RANGES_MAX];
static uint32_t range_count;
static uint32_t boot_next;   /* no frame from kernel_end to here is free */
static uint32_t frame_end;
static uint32_t total;
static bool ready;

static struct spinlock lock = SPINLOCK_INIT("physmem");
/* Guarded by lock. */
static uint8_t *holders;     /* enum physmem_holder of each frame */
static uint32_t *free_stack; /* numbers of free frames, the next one to take last */
static uint32_t stacked;
static uint64_t beyond_kib; /* RAM that the direct map has no place for */
static uint32_t *cleared_stack; /* the same, of frames of zeros */
static uint32_t cleared_count;
static uint32_t free_count;  /* on both, and perhaps one that is just being cleared */
static uint32_t cleared_most;

/* Notes the whole frames between two byte addresses; frame 0 is nobody's. */
static void range_add(uint64_t start, uint64_t end)
{
	if (end > DIRECT_MAP_MAX) {
		uint64_t lost_from = start > DIRECT_MAP_MAX ? start : DIRECT_MAP_MAX;
		beyond_kib += (end - lost_from) >> 10;
		end = DIRECT_MAP_MAX;
	}
	if (start < PAGE_SIZE)
		start = PAGE_SIZE;
	uint32_t first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	uint32_t last = end >> PAGE_SHIFT;
	if (start >= end || first >= last || range_count == RANGES_MAX)
		return;
	ranges[range_count++] = (struct ram_range){first, last};
	total += last - first;
	if (last > frame_end)
		frame_end = last;
}

static void ranges_read(const struct multiboot_info *info)
{
	if (info->flags & MULTIBOOT_HAS_MEMORY_MAP) {
		const char *at = phys_to_virt(info->map_address);
		const char *end = at + info->map_bytes;
		while (at < end) {
			const struct multiboot_range *range = (const void *)at;
			if (range->type == MULTIBOOT_RAM)
				range_add(range->base, range->base + range->length);
			at += range->size + sizeof(range->size);
		}
	} else if (info->flags & MULTIBOOT_HAS_MEMORY) {
		range_add(0, (uint64_t)info->memory_lower << 10);
		range_add(LOW_RAM_END, LOW_RAM_END + ((uint64_t)info->memory_upper << 10));
	}
}

/* The table of holders goes right behind the kernel. That may be where the boot loader
 * left its information, which is no longer needed then. */
static void holders_init(void)
{
	uint32_t kernel = virt_to_phys(kernel_start) >> PAGE_SHIFT;
	holders = (uint8_t *)kernel_end;
	memset(holders, PHYSMEM_ABSENT, frame_end);
	boot_next = (virt_to_phys(kernel_end) + frame_end + PAGE_SIZE - 1) >> PAGE_SHIFT;

	for (uint32_t i = 0; i < range_count; i++)
		memset(holders + ranges[i].start, PHYSMEM_FREE,
		       ranges[i].end - ranges[i].start);
	memset(holders + kernel, PHYSMEM_BOOT, boot_next - kernel);
	for (uint32_t frame = 0; frame < frame_end; frame++)
		free_count += holders[frame] == PHYSMEM_FREE;
}

void physmem_init(const struct multiboot_info *info)
{
	ranges_read(info);
	if (!total)
		panic("the boot loader reports no memory");
	holders_init();
}

/* How many frames from `first` on are free, up to `most`. */
static uint32_t free_run(uint32_t first, uint32_t most)
{
	uint32_t run = 0;
	while (run < most && first + run < frame_end && holders[first + run] == PHYSMEM_FREE)
		run++;
	return run;
}

/* Takes adjoining frames during start-up; 0 if there are not so many. */
static uint32_t boot_take(uint32_t pages, enum physmem_holder holder)
{
	while (free_run(boot_next, pages) < pages)
		if (++boot_next >= frame_end)
			return 0;
	uint32_t first = boot_next;
	memset(holders + first, holder, pages);
	boot_next += pages;
	free_count -= pages;
	return first;
}

void *physmem_boot_take(uint32_t pages)
{
	ASSERT_SAYING(!ready, "adjoining frames are to be had during start-up only");
	uint32_t first = boot_take(pages, PHYSMEM_BOOT);
	if (!first)
		panic("too little memory to start: %u adjoining pages wanted", pages);
	return memset(phys_to_virt(first << PAGE_SHIFT), 0, pages * PAGE_SIZE);
}

void physmem_ready(void)
{
	uint32_t bytes = frame_end * sizeof(*free_stack);
	free_stack = physmem_boot_take((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
	cleared_most = boot_arg_number("physmem.cleared", CLEARED_MOST);
	if (cleared_most > CLEARED_MOST)
		cleared_most = CLEARED_MOST;
	cleared_stack = physmem_boot_take(1);
	ready = true;
	/* Low frames are taken first. */
	for (uint32_t frame = frame_end - 1; frame > 0; frame--)
		if (holders[frame] == PHYSMEM_FREE)
			free_stack[stacked++] = frame | NEVER_TAKEN;
	ASSERT(stacked == free_count);
}

/* Debug builds fill a frame that is given back, and look whether it still is what it was when
 * it is taken again: a device or a stale translation may have written to it. Frames that were
 * free since the start were never filled, so the first words tell. */
#ifdef PAGODA_DEBUG
#define JUNK 0xccccccccu
#define JUNK_WORDS (PAGE_SIZE / sizeof(uint32_t))

static void junk_fill(uint32_t frame)
{
	memset(phys_to_virt(frame << PAGE_SHIFT), JUNK & 0xff, PAGE_SIZE);
}

static void junk_check(uint32_t frame, bool cleared)
{
	const uint32_t *words = phys_to_virt(frame << PAGE_SHIFT);
	for (uint32_t i = 0; i < JUNK_WORDS; i++) {
		if (words[i] == (cleared ? 0 : JUNK))
			continue;
		if (i < 4 && !cleared)
			return;
		panic("frame %#x was written to at byte %u while it was free", frame,
		      (unsigned)(i * sizeof(*words)));
	}
}
#else
static void junk_fill(uint32_t frame)
{
	(void)frame;
}

static void junk_check(uint32_t frame, bool cleared)
{
	(void)frame;
	(void)cleared;
}
#endif

/* A frame from the one stack, or if that is empty from the other; 0 if both are. Whether it was
 * cleared, and whether it is as the boot loader left it. lock held. */
static inline uint32_t pop(bool *cleared, bool *fresh)
{
	*cleared = cleared_count > 0 && (*cleared || stacked == 0);
	*fresh = false;
	if (*cleared)
		return cleared_stack[--cleared_count];
	if (stacked == 0)
		return 0;
	uint32_t entry = free_stack[--stacked];
	*fresh = entry & NEVER_TAKEN;
	return entry & ~NEVER_TAKEN;
}

uint32_t physmem_take_cleared(enum physmem_holder holder, uint32_t reserve, bool *cleared)
{
	ASSERT(holder >= PHYSMEM_HEAP && holder <= PHYSMEM_VM);
	uint32_t frame = 0;
	bool fresh = true;
	uint32_t flags = spin_lock_irq(&lock);
	if (!ready) {
		frame = boot_take(1, holder);
		*cleared = false;
	} else if (free_count > reserve && (frame = pop(cleared, &fresh))) {
		free_count--;
		holders[frame] = holder;
	}
	spin_unlock_irq(&lock, flags);
	if (frame)
		junk_check(frame, *cleared);
	if (!frame || holder == PHYSMEM_VM)
		return frame;
	trace_frame_take(frame, holder, free_count);
	/* The boot loader ran its code in some of these frames, and an emulator that has
	 * translated code of a page makes each write to it slow (hundreds of times) until
	 * the page was overwritten as a whole. Who takes frames for vm/ does that anyway;
	 * a slab or a stack never would. */
	if (fresh)
		page_clear(phys_to_virt(frame << PAGE_SHIFT));
	return frame;
}

uint32_t physmem_take_many(uint32_t reserve, uint32_t *frames, uint32_t count, uint32_t *cleared)
{
	uint32_t taken = 0;
	*cleared = 0;
	uint32_t flags = spin_lock_irq(&lock);
	for (; taken < count && free_count > reserve; taken++) {
		bool zeros = true, fresh;
		uint32_t frame = pop(&zeros, &fresh);
		if (!frame)
			break;
		*cleared += zeros;
		holders[frame] = PHYSMEM_VM;
		free_count--;
		frames[taken] = frame;
	}
	spin_unlock_irq(&lock, flags);
	for (uint32_t i = 0; i < taken; i++)
		junk_check(frames[i], i < *cleared);
	return taken;
}

uint32_t physmem_take(enum physmem_holder holder, uint32_t reserve)
{
	bool cleared = false;
	return physmem_take_cleared(holder, reserve, &cleared);
}

bool physmem_clear_ahead(void)
{
	bool cleared = false, fresh;
	uint32_t flags = spin_lock_irq(&lock);
	uint32_t frame = cleared_count < cleared_most && stacked > 0 ? pop(&cleared, &fresh) : 0;
	spin_unlock_irq(&lock, flags);
	if (!frame)
		return false;
	junk_check(frame, false);
	page_clear(phys_to_virt(frame << PAGE_SHIFT));
	flags = spin_lock_irq(&lock);
	cleared_stack[cleared_count++] = frame;
	spin_unlock_irq(&lock, flags);
	return true;
}

/* lock held. */
static inline void push(uint32_t frame)
{
	ASSERT_SAYING(frame < frame_end, "no such frame");
	ASSERT_SAYING(holders[frame] >= PHYSMEM_HEAP, "a frame given back that was not taken");
	holders[frame] = PHYSMEM_FREE;
	if (ready)
		free_stack[stacked++] = frame;
	free_count++;
	trace_frame_give(frame);
}

void physmem_give(uint32_t frame)
{
	physmem_give_many(&frame, 1);
}

void physmem_give_many(const uint32_t *frames, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		junk_fill(frames[i]);
	uint32_t flags = spin_lock_irq(&lock);
	for (uint32_t i = 0; i < count; i++)
		push(frames[i]);
	spin_unlock_irq(&lock, flags);
}

enum physmem_holder physmem_holder(uint32_t frame)
{
	return frame < frame_end ? holders[frame] : PHYSMEM_ABSENT;
}

uint32_t physmem_end(void)
{
	return frame_end;
}

uint32_t physmem_beyond(void)
{
	return beyond_kib > UINT32_MAX ? UINT32_MAX : (uint32_t)beyond_kib;
}

uint32_t physmem_total(void)
{
	return total;
}

uint32_t physmem_free(void)
{
	return free_count;
}
