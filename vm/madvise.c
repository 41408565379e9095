/* SPDX-License-Identifier: MIT */
/*
 * madvise(2): what a program knows of its pages and tells; mseal(2), that they shall stay as they
 * are; and mincore(2), what it may know of them.
 */
#include "vm/mmap.h"

#include <asm/errno.h>
#include <asm/mman.h>

#include "kernel/mem/layout.h"
#include "vm/area.h"
#include "vm/frame.h"
#include "vm/page.h"
#include "vm/pagedir.h"
#include "vm/range.h"
#include "vm/readahead.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/vm.h"

#define PAGES_A_HOLD 256u

/* An advice that is noted in areas: which flags it sets, of which it decides; and what they must
 * not be for it. */
struct note {
	uint32_t mask, flags, not_for;
};

static const struct note notes[] = {
	[MADV_NORMAL] = {.mask = AREA_ORDER},
	[MADV_RANDOM] = {.mask = AREA_ORDER, .flags = AREA_RANDOM},
	[MADV_SEQUENTIAL] = {.mask = AREA_ORDER, .flags = AREA_SEQUENTIAL},
	[MADV_DONTFORK] = {.mask = AREA_NOT_FORKED, .flags = AREA_NOT_FORKED},
	[MADV_DOFORK] = {.mask = AREA_NOT_FORKED},
	[MADV_DONTDUMP] = {.mask = AREA_NOT_DUMPED, .flags = AREA_NOT_DUMPED},
	[MADV_DODUMP] = {.mask = AREA_NOT_DUMPED},
	[MADV_WIPEONFORK] = {.mask = AREA_FORKED_EMPTY, .flags = AREA_FORKED_EMPTY,
	                     .not_for = AREA_SHARED},
	[MADV_KEEPONFORK] = {.mask = AREA_FORKED_EMPTY},
};

/* The note that the advice is, or NULL. */
static const struct note *note_of(int advice)
{
	bool known = advice >= 0 && (uint32_t)advice < sizeof(notes) / sizeof(notes[0]);
	return known && notes[advice].mask ? &notes[advice] : NULL;
}

static bool is_known(int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_WILLNEED:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
		return true;
	default:
		return note_of(advice) != NULL;
	}
}

/* Of ENOMEM madvise(2) says something else. */
static int note_it(struct spt *spt, struct area *area, uintptr_t start, uintptr_t end,
                   const struct note *note)
{
	if (area->flags & note->not_for || (note->not_for && area->source))
		return -EINVAL;
	return range_set_flags(spt, start, end, note->mask, note->flags) ? -EAGAIN : 0;
}

/* MADV_COLD: to the policy these pages look unused for long, so they go first. Not those that
 * somebody else maps, too. */
static void cool(struct spt *spt, uintptr_t start, uintptr_t end)
{
	while (start < end) {
		uintptr_t stop = end - start > PAGES_A_HOLD * PAGE_SIZE
		                         ? start + PAGES_A_HOLD * PAGE_SIZE : end;
		spin_lock(&vm_lock);
		for (; start < stop; start += PAGE_SIZE) {
			pte_t entry = pagedir_entry(&spt->pagedir, start);
			struct frame *frame = &frames[entry_frame(entry)];
			if (entry & PTE_P && frame != zero_frame && frame_mapping_count(frame) == 1)
				frame_test_accessed(frame);
		}
		spin_unlock(&vm_lock);
	}
}

/* MADV_DONTNEED: what the program wrote there is gone. */
static int give_up(struct spt *spt, uintptr_t start, uintptr_t end)
{
	spt_note_resident(spt, start, end);
	if (spt_part(spt, start, end) != 0)
		return -EAGAIN;
	spt_drop_pages(spt, start, end);
	return 0;
}

/* mseal(2): anonymous memory that is sealed and may not be written keeps its bytes. */
static bool is_sealed_against(const struct area *area, int advice)
{
	switch (advice) {
	case MADV_FREE:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_REMOVE:
	case MADV_DONTFORK:
	case MADV_WIPEONFORK:
		return !area->source && (area->flags & (AREA_SEALED | AREA_WRITE)) == AREA_SEALED;
	default:
		return false;
	}
}

static int advise_part(struct spt *spt, struct area *area, uintptr_t start, uintptr_t end,
                       int advice)
{
	bool locked = area->flags & AREA_LOCKED;
	if (is_sealed_against(area, advice))
		return -EPERM;
	switch (advice) {
	case MADV_FREE:
		/* Giving the pages up at once is one way of doing it when memory is wanted. */
		return area->source || locked ? -EINVAL : give_up(spt, start, end);
	case MADV_DONTNEED:
		return locked ? -EINVAL : give_up(spt, start, end);
	case MADV_DONTNEED_LOCKED:
		return give_up(spt, start, end);
	case MADV_WILLNEED:
		readahead_range(spt, area, start, end);
		return 0;
	case MADV_COLD:
	case MADV_PAGEOUT:
		if (locked)
			return -EINVAL;
		cool(spt, start, end);
		return 0;
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_MERGEABLE: /* allowed, and nobody merges, as on Linux until /sys/kernel/mm/ksm/run */
	case MADV_UNMERGEABLE:
		return 0;
	default:
		return note_it(spt, area, start, end, note_of(advice));
	}
}

/* Whether the advice drops the area's pages. */
static bool drops(const struct area *area, int advice)
{
	return !is_sealed_against(area, advice) &&
	       (advice == MADV_DONTNEED_LOCKED ||
	        (advice == MADV_DONTNEED && !(area->flags & AREA_LOCKED)));
}

/* Where the part ends that is advised at once: with the area, or if its pages are dropped, for which
 * nobody looks at areas, with as many behind it as there are without a hole. */
static uintptr_t part_end(const struct area *area, uintptr_t end, int advice)
{
	bool dropped = drops(area, advice);
	uintptr_t stop = area->end;
	while (dropped && stop < end && (area = area_next(area)) && area_start(area) == stop &&
	       drops(area, advice))
		stop = area->end;
	return stop < end ? stop : end;
}

/* The areas of the range one after another; what there is no area for is -ENOMEM in the end. */
static int advise_range(struct spt *spt, uintptr_t start, uintptr_t end, int advice)
{
	int hole = 0;
	SCOPED_WRITE(&spt->lock);
	while (start < end) {
		struct area *area = spt_area_from(spt, start);
		if (!area || area_start(area) >= end)
			return -ENOMEM;
		if (area_start(area) > start) {
			hole = -ENOMEM;
			start = area_start(area);
		}
		uintptr_t stop = part_end(area, end, advice);
		int error = advise_part(spt, area, start, stop, advice);
		if (error)
			return error;
		start = stop;
	}
	return hole;
}

/* Part of a file that is to become a hole. */
struct removal {
	struct backing *backing; /* with a reference; NULL: there is no more */
	uint64_t offset, bytes;
};

/* The part behind the next area of the range; *start moves behind that. */
static int next_removal(struct spt *spt, uintptr_t *start, uintptr_t end, struct removal *removal,
                        int *hole)
{
	SCOPED_WRITE(&spt->lock);
	struct area *area = spt_area_from(spt, *start);
	if (!area || area_start(area) > *start)
		*hole = -ENOMEM;
	removal->backing = NULL;
	if (!area || area_start(area) >= end)
		return 0;
	if (is_sealed_against(area, MADV_REMOVE))
		return -EPERM;
	if (area->flags & AREA_LOCKED || !area->backing)
		return -EINVAL;
	if (!(area->flags & AREA_SHARED) || !(area->flags & AREA_MAY_WRITE))
		return -EACCES;
	uintptr_t from = area_start(area) > *start ? area_start(area) : *start;
	*start = area->end < end ? area->end : end;
	removal->offset = (uint64_t)area_source_page(area, from) << PAGE_SHIFT;
	removal->bytes = *start - from;
	removal->backing = area->backing;
	area->backing->ops->get(area->backing);
	return 0;
}

/* MADV_REMOVE: the pages go, from the file too. An inode's lock comes before the space's, so that
 * one is let go for each area. */
static int remove_range(struct spt *spt, uintptr_t start, uintptr_t end)
{
	struct removal removal;
	int hole = 0;
	while (start < end) {
		int error = next_removal(spt, &start, end, &removal, &hole);
		if (error || !removal.backing)
			return error ? error : hole;
		error = removal.backing->ops->punch(removal.backing, removal.offset, removal.bytes);
		removal.backing->ops->put(removal.backing);
		if (error)
			return error;
	}
	return hole;
}

static int populate(struct spt *spt, uintptr_t start, uintptr_t end, enum populate how)
{
	switch (range_populate(spt, start, end, how)) {
	case FAULT_DONE:
		return 0;
	case FAULT_ACCERR:
		return -EINVAL;
	case FAULT_BUS:
		return -EFAULT;
	default:
		return -ENOMEM;
	}
}

int vm_madvise(struct spt *spt, uintptr_t address, uint32_t length, int advice)
{
	uintptr_t end = address + page_round_up(length);
	if (!is_known(advice) || page_offset(address) || end < address ||
	    (length > 0 && page_round_up(length) == 0))
		return -EINVAL;
	if (advice == MADV_REMOVE)
		return remove_range(spt, address, end);
	if (advice == MADV_POPULATE_READ)
		return populate(spt, address, end, POPULATE_READ);
	if (advice == MADV_POPULATE_WRITE)
		return populate(spt, address, end, POPULATE_WRITE);
	return advise_range(spt, address, end, advice);
}

int vm_mseal(struct spt *spt, uintptr_t address, uint32_t length, int flags)
{
	uintptr_t end = address + page_round_up(length);
	if (flags || page_offset(address) || end < address ||
	    (length > 0 && page_round_up(length) == 0))
		return -EINVAL;
	SCOPED_WRITE(&spt->lock);
	if (range_covered(spt, address, end) < end)
		return -ENOMEM;
	spt->areas.any_sealed = true;
	return range_set_flags(spt, address, end, AREA_SEALED, AREA_SEALED);
}

int vm_mincore(struct spt *spt, uintptr_t address, uint32_t pages, unsigned char *to)
{
	uintptr_t end = address + pages * PAGE_SIZE;
	SCOPED_WRITE(&spt->lock);
	if (range_covered(spt, address, end) < end)
		return -ENOMEM;
	for (; address < end; address += PAGE_SIZE)
		*to++ = range_page_resident(spt, spt_area(spt, address), address);
	return 0;
}
