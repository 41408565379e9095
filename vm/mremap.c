/* SPDX-License-Identifier: MIT */
/*
 * mremap(2): a mapping gets longer or shorter, moves, or is there twice. What is checked comes
 * first, so that an error leaves everything as it was; then whatever can fail for want of memory.
 */
#include "vm/mmap.h"

#include <asm/errno.h>
#include <linux/mman.h>

#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "vm/area.h"
#include "vm/commit.h"
#include "vm/page.h"
#include "vm/range.h"
#include "vm/spt.h"

#define LOCKS (AREA_LOCKED | AREA_LOCK_ON_FAULT)
/* A move can leave so many areas more than there were. */
#define AREAS_MORE 3u

/* The arguments, with lengths in whole pages. */
struct remap {
	uintptr_t old, new_address;
	uint32_t old_length, new_length;
	int flags;
};

static uintptr_t old_end_of(const struct remap *remap)
{
	return remap->old + remap->old_length;
}

/* Whether it goes to another place, even if there is room where it is. */
static bool must_move(const struct remap *remap)
{
	return remap->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

static int check_remap(const struct remap *remap)
{
	if (remap->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) ||
	    page_offset(remap->old) || remap->new_length == 0 || remap->new_length > USER_END)
		return -EINVAL;
	if (!must_move(remap))
		return 0;
	if (!(remap->flags & MREMAP_MAYMOVE) ||
	    (remap->flags & MREMAP_DONTUNMAP && remap->old_length != remap->new_length) ||
	    !range_end(remap->new_address, remap->new_length))
		return -EINVAL;
	if (!(remap->flags & MREMAP_FIXED))
		return 0;
	if (remap->new_address < USER_START)
		return -EPERM;
	bool apart = remap->new_address + remap->new_length <= remap->old ||
	             old_end_of(remap) <= remap->new_address;
	return apart ? 0 : -EINVAL;
}

/* Whether so many bytes more of an area whose pages count are more than may be promised. */
static bool over_commit(const struct area *area, uint32_t more_bytes)
{
	return area->flags & AREA_COMMITTED && !commit_allows(more_bytes >> PAGE_SHIFT);
}

/* Whether the area at the old place may become what is asked. */
static int check_area(struct spt *spt, const struct remap *remap, const struct area *area)
{
	if (area->flags & AREA_SEALED)
		return -EPERM;
	if (remap->old_length == 0 && !(area->flags & AREA_SHARED))
		return -EINVAL; /* a private mapping cannot be there twice */
	if (remap->old_length > area->end - remap->old)
		return -EFAULT;
	if (remap->flags & MREMAP_DONTUNMAP &&
	    (range_over_limit(spt, remap->old_length, area->flags) ||
	     over_commit(area, remap->old_length)))
		return -ENOMEM;
	if (remap->new_length <= remap->old_length)
		return 0;
	uint32_t more = remap->new_length - remap->old_length;
	uint32_t first = area_source_page(area, remap->old);
	if (area->source && first + (remap->new_length >> PAGE_SHIFT) < first)
		return -EINVAL;
	if (area->flags & AREA_LOCKED && range_over_lock_limit(spt, more))
		return -EAGAIN;
	bool over = range_over_limit(spt, more, area->flags) || over_commit(area, more);
	return over ? -ENOMEM : 0;
}

/* The old range is given up, or, with MREMAP_DONTUNMAP, stays as a mapping without pages. */
static void leave_old(struct spt *spt, const struct remap *remap)
{
	int error;
	if (remap->flags & MREMAP_DONTUNMAP)
		error = range_set_flags(spt, remap->old, old_end_of(remap), LOCKS, 0);
	else
		error = range_unmap(spt, remap->old, old_end_of(remap));
	ASSERT_SAYING(!error, "for whole areas no memory is needed");
}

/* Makes what the old range promises at the new place, too, and moves the pages there. The spans
 * of both are the space's own. */
static int move_to(struct spt *spt, const struct remap *remap, uintptr_t place)
{
	struct area *area = area_create_like(spt_area(spt, remap->old), remap->old, place,
	                                     place + remap->new_length);
	if (!area)
		return -ENOMEM;
	area_insert(&spt->areas, area);
	uint32_t moved = remap->old_length < remap->new_length ? remap->old_length
	                                                       : remap->new_length;
	if (spt_move_pages(spt, remap->old, place, moved) != 0) {
		/* Nothing moved, but leaves may have been made there. */
		spt_drop_pages(spt, place, area->end);
		area_remove(&spt->areas, area);
		area_free(area);
		return -ENOMEM;
	}
	if (remap->old_length > 0)
		leave_old(spt, remap);
	area_merge(&spt->areas, area);
	return 0;
}

/* Moves the mapping to a place of the new length. */
static uintptr_t remap_move(struct spt *spt, const struct remap *remap)
{
	uintptr_t place = remap->new_address;
	int error = 0;
	if (spt->areas.count + AREAS_MORE >= area_count_max)
		return -ENOMEM;
	if (!(remap->flags & MREMAP_FIXED))
		place = range_find_place(spt, must_move(remap) ? place : 0, remap->new_length);
	else
		error = range_unmap(spt, place, place + remap->new_length);
	if (error)
		return error;
	if (!spt_area(spt, remap->old))
		return -EFAULT; /* a second copy (old_length 0) was to go over the first */
	if (!place || spt_own_range(spt, remap->old, old_end_of(remap)) != 0 ||
	    spt_own_range(spt, place, place + remap->new_length) != 0)
		return -ENOMEM;
	if (remap->old_length > 0 && range_split(spt, remap->old, old_end_of(remap)) != 0)
		return -ENOMEM;
	error = move_to(spt, remap, place);
	return error ? (uintptr_t)error : place;
}

/* To a given place without a change of length: every area of the range moves, and what is free
 * between them is free there. The first begins where the range does. */
static uintptr_t remap_each(struct spt *spt, const struct remap *remap)
{
	uintptr_t start = remap->old, end = old_end_of(remap);
	struct area *area;
	while (start < end && (area = spt_area_from(spt, start)) && area_start(area) < end) {
		struct remap part = *remap;
		part.old = area_start(area) > start ? area_start(area) : start;
		part.old_length = (area->end < end ? area->end : end) - part.old;
		part.new_length = part.old_length;
		part.new_address += part.old - remap->old;
		start = old_end_of(&part);
		int error = check_area(spt, &part, area);
		uintptr_t result = error ? (uintptr_t)error : remap_move(spt, &part);
		if (IS_ERROR(result))
			return result;
	}
	return remap->new_address;
}

/* Lengthens the mapping where it is. Whether there is room. */
static bool remap_grow(struct spt *spt, const struct remap *remap, struct area *area)
{
	uint32_t more = remap->new_length - remap->old_length;
	uintptr_t old_end = old_end_of(remap);
	if (remap->old_length == 0 || area->end != old_end || !range_end(old_end, more) ||
	    !range_free(spt, old_end, more))
		return false;
	area_set_end(&spt->areas, area, old_end + more);
	area_merge(&spt->areas, area);
	return true;
}

/* Sets *bring_in if what is new is to be brought in at once. spt->lock held. */
static uintptr_t remap_locked(struct spt *spt, const struct remap *remap, bool *bring_in)
{
	struct area *area = spt_area(spt, remap->old);
	if (!area)
		return -EFAULT;
	if (!must_move(remap) && remap->old_length >= remap->new_length) {
		int error = area->flags & AREA_SEALED ? -EPERM : range_unmap(spt, remap->old + remap->new_length, old_end_of(remap));
		return error ? (uintptr_t)error : remap->old;
	}
	if (remap->flags & MREMAP_FIXED && remap->old_length == remap->new_length)
		return remap_each(spt, remap);
	/* What is too long goes where it is, whatever areas it has; only the rest moves. */
	struct remap rest = *remap;
	if (remap->old_length > remap->new_length)
		rest.old_length = remap->new_length;
	int error = check_area(spt, &rest, area);
	if (!error && rest.old_length < remap->old_length)
		error = range_unmap(spt, old_end_of(&rest), old_end_of(remap));
	if (error)
		return error;
	*bring_in = (spt_area(spt, remap->old)->flags & LOCKS) == AREA_LOCKED;
	if (must_move(remap))
		return remap_move(spt, &rest);
	if (remap_grow(spt, remap, area))
		return remap->old;
	return remap->flags & MREMAP_MAYMOVE ? remap_move(spt, remap) : (uintptr_t)-ENOMEM;
}

uintptr_t vm_mremap(struct spt *spt, uintptr_t old, uint32_t old_length, uint32_t new_length,
                    int flags, uintptr_t new_address)
{
	struct remap remap = {
		.old = old,
		.new_address = new_address,
		.old_length = page_round_up(old_length),
		.new_length = page_round_up(new_length),
		.flags = flags,
	};
	int error = check_remap(&remap);
	if (error)
		return error;
	if (!range_end(old, old_length))
		return -EFAULT;
	bool bring_in = false;
	rwlock_write(&spt->lock);
	uintptr_t result = remap_locked(spt, &remap, &bring_in);
	rwlock_write_end(&spt->lock);
	if (!IS_ERROR(result) && bring_in && remap.new_length > remap.old_length)
		range_populate(spt, result + remap.old_length, result + remap.new_length,
		               POPULATE_AS_ALLOWED);
	return result;
}
