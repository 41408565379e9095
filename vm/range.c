/* SPDX-License-Identifier: MIT */
/* Ranges of an address space: see range.h. */
#include "vm/range.h"

#include <asm/errno.h>

#include "kernel/mem/layout.h"
#include "kernel/sched/thread.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/commit.h"
#include "vm/page.h"
#include "vm/pagecache.h"
#include "vm/pagedir.h"
#include "vm/spt.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

#define MAPPINGS_BELOW_STACK_MIN (128u << 20) /* room that mmap leaves for the stack */

uintptr_t range_end(uintptr_t address, uint32_t length)
{
	if (page_offset(address) || address > USER_END || length > USER_END - address)
		return 0;
	return address + page_round_up(length);
}

uintptr_t range_covered(struct spt *spt, uintptr_t start, uintptr_t end)
{
	while (start < end) {
		struct area *area = spt_area(spt, start);
		if (!area)
			return start;
		start = area->end;
	}
	return end;
}

bool range_free(struct spt *spt, uintptr_t start, uint32_t length)
{
	struct area *area = spt_area_from(spt, start);
	if (!area)
		return true;
	uintptr_t guard = area->flags & AREA_GROWS_DOWN ? STACK_GUARD_GAP : 0;
	return area_start(area) >= start + length + guard;
}

uintptr_t range_find_place(struct spt *spt, uintptr_t hint, uint32_t length)
{
	hint = page_round_down(hint);
	if (hint && hint < USER_START)
		hint = USER_START;
	if (hint && range_end(hint, length) && range_free(spt, hint, length))
		return hint;
	uint32_t room = page_round_up(spt->stack_limit) + STACK_GUARD_GAP;
	if (room < MAPPINGS_BELOW_STACK_MIN || spt->stack_limit == UINT32_MAX)
		room = MAPPINGS_BELOW_STACK_MIN;
	uintptr_t place = 0;
	if (room < USER_STACK_TOP)
		place = area_find_gap(&spt->areas, length, USER_STACK_TOP - room);
	return place ? place : area_find_gap(&spt->areas, length, USER_STACK_TOP);
}

static int split_at(struct spt *spt, uintptr_t address)
{
	struct area *area = spt_area(spt, address);
	if (!area || area_start(area) == address)
		return 0;
	return area_split(&spt->areas, area, address);
}

int range_split(struct spt *spt, uintptr_t start, uintptr_t end)
{
	return split_at(spt, start) != 0 || split_at(spt, end) != 0 ? -ENOMEM : 0;
}

static bool any_sealed(struct spt *spt, uintptr_t start, uintptr_t end)
{
	struct area *area = spt->areas.any_sealed ? spt_area_from(spt, start) : NULL;
	while (area && area_start(area) < end && !(area->flags & AREA_SEALED))
		area = area_next(area);
	return area && area_start(area) < end;
}

int range_unmap(struct spt *spt, uintptr_t start, uintptr_t end)
{
	if (any_sealed(spt, start, end))
		return -EPERM;
	spt_note_resident(spt, start, end);
	if (range_split(spt, start, end) != 0 || spt_part(spt, start, end) != 0)
		return -ENOMEM;
	struct area *area;
	while ((area = spt_area_from(spt, start)) && area_start(area) < end) {
		spt_drop_pages(spt, area_start(area), area->end);
		area_remove(&spt->areas, area);
		area_free(area);
	}
	return 0;
}

int range_set_flags(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t mask, uint32_t flags)
{
	while (start < end) {
		struct area *area = spt_area(spt, start);
		uintptr_t from = start;
		start = area->end < end ? area->end : end;
		if ((area->flags & mask) == flags)
			continue;
		if (range_split(spt, from, start) != 0)
			return -ENOMEM;
		area = spt_area(spt, from);
		area->flags = (area->flags & ~mask) | flags;
		trace_area_change(&spt->pagedir, area, area_start(area), area->end);
		area_merge(&spt->areas, area);
	}
	return 0;
}

bool range_page_resident(struct spt *spt, struct area *area, uintptr_t address)
{
	bool resident;
	spin_lock(&vm_lock);
	struct anon *anon = spt_anon(spt, address);
	if (anon)
		resident = anon->frame != NULL;
	else if (area->source)
		resident = pagecache_find(area->source, area_source_page(area, address)) != NULL;
	else
		resident = pagedir_entry(&spt->pagedir, address) & PTE_P; /* the page of zeros */
	spin_unlock(&vm_lock);
	return resident;
}

/* Whether the page may be touched so, and whether by a write. A shared file's page stays clean
 * until the program writes it. */
static enum fault_result choose_access(struct spt *spt, uintptr_t address, enum populate how,
                                       bool *write, bool *skip)
{
	static const uint32_t needed[] = {
		[POPULATE_AS_ALLOWED] = AREA_RIGHTS, [POPULATE_RESIDENT] = AREA_RIGHTS,
		[POPULATE_READ] = AREA_READ,         [POPULATE_WRITE] = AREA_WRITE,
	};
	SCOPED_WRITE(&spt->lock);
	struct area *area = spt_area(spt, address);
	if (!area)
		return FAULT_MAPERR;
	if (!(area->flags & needed[how]))
		return FAULT_ACCERR;
	*write = how == POPULATE_WRITE || (how == POPULATE_AS_ALLOWED &&
	         area->flags & AREA_WRITE && !(area->flags & AREA_SHARED));
	*skip = how == POPULATE_RESIDENT && !range_page_resident(spt, area, address);
	return FAULT_DONE;
}

enum fault_result range_populate(struct spt *spt, uintptr_t start, uintptr_t end, enum populate how)
{
	for (; start < end; start += PAGE_SIZE) {
		/* Nobody would wait for the rest, and one that is killed for its memory, on
		 * whose space its vfork child may run, could take the last frames. */
		if (spt->dying || thread_current()->killed)
			return FAULT_NO_MEMORY;
		bool write, skip;
		enum fault_result result = choose_access(spt, start, how, &write, &skip);
		if (result == FAULT_DONE && !skip)
			result = fault_resolve(spt, start, write);
		if (result != FAULT_DONE)
			return result;
	}
	return FAULT_DONE;
}

/* How many pages RLIMIT_DATA counts: those that are the program's own to write, but for its
 * stacks. */
static bool is_data(uint32_t area_flags)
{
	return (area_flags & (AREA_WRITE | AREA_SHARED | AREA_GROWS_DOWN)) == AREA_WRITE;
}

bool range_over_limit(struct spt *spt, uint32_t more_bytes, uint32_t area_flags)
{
	if (spt->space_limit != UINT32_MAX &&
	    (uint64_t)spt->areas.pages * PAGE_SIZE + more_bytes > spt->space_limit)
		return true;
	if (spt->data_limit == UINT32_MAX || !is_data(area_flags))
		return false;
	uint64_t bytes = more_bytes;
	for (struct area *area = spt_area_from(spt, 0); area; area = area_next(area))
		if (is_data(area->flags))
			bytes += area->end - area_start(area);
	return bytes > spt->data_limit;
}

uint32_t range_locked(struct spt *spt, uintptr_t start, uintptr_t end)
{
	uint32_t bytes = 0;
	struct area *area = spt_area_from(spt, start);
	for (; area && area_start(area) < end; area = area_next(area)) {
		if (!(area->flags & AREA_LOCKED))
			continue;
		uintptr_t from = area_start(area) > start ? area_start(area) : start;
		bytes += (area->end < end ? area->end : end) - from;
	}
	return bytes;
}

bool range_over_lock_limit(struct spt *spt, uint32_t more_bytes)
{
	return spt->lock_limit != UINT32_MAX &&
	       (uint64_t)range_locked(spt, 0, USER_END) + more_bytes > spt->lock_limit;
}

bool range_over_commit(uint32_t more_bytes, uint32_t area_flags)
{
	return area_commits(area_flags) && !commit_allows(more_bytes >> PAGE_SHIFT);
}
