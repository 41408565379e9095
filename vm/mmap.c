/* SPDX-License-Identifier: MIT */
/*
 * The calls that shape an address space. Each changes the areas (what is promised) and drops
 * the pages and entries that no longer fit; the fault handler makes the rest true when it is
 * touched. So mapping costs by the area, not by the page.
 */
#include "vm/mmap.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/mman.h>

#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/fault.h"
#include "vm/frame.h"
#include "vm/page.h"
#include "vm/pagecache.h"
#include "vm/readahead.h"
#include "vm/spt.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

#define MAPPINGS_BELOW_STACK_MIN (128u << 20) /* room that mmap leaves for the stack */
#define PAGES_A_HOLD 256u

static struct page_source *(*make_shared_memory)(uint64_t bytes);

void vm_set_shared_memory_hook(struct page_source *(*make)(uint64_t bytes))
{
	make_shared_memory = make;
}

/* The end of a page-aligned user range, or 0 if it is not one. */
static uintptr_t range_end(uintptr_t address, uint32_t length)
{
	if (page_offset(address) || address > USER_END || length > USER_END - address)
		return 0;
	return address + page_round_up(length);
}

/* Cuts areas so that none crosses the address. */
static int split_at(struct spt *spt, uintptr_t address)
{
	struct area *area = spt_area(spt, address);
	if (!area || area_start(area) == address)
		return 0;
	return area_split(spt, area, address);
}

/* Takes away whatever is promised in [start, end). */
static int unmap(struct spt *spt, uintptr_t start, uintptr_t end)
{
	if (split_at(spt, start) != 0 || split_at(spt, end) != 0 || spt_part(spt, start, end) != 0)
		return -ENOMEM;
	struct area *area;
	while ((area = spt_area_from(spt, start)) && area_start(area) < end) {
		spt_drop_pages(spt, area_start(area), area->end);
		area_remove(spt, area);
		area_free(area);
	}
	return 0;
}

/* Whether areas cover [start, end) without a hole. */
static bool covered(struct spt *spt, uintptr_t start, uintptr_t end)
{
	while (start < end) {
		struct area *area = spt_area(spt, start);
		if (!area)
			return false;
		start = area->end;
	}
	return true;
}

static uint32_t flags_of(int prot, int flags)
{
	uint32_t result = 0;
	if (prot & PROT_READ)
		result |= AREA_READ;
	if (prot & PROT_WRITE)
		result |= AREA_WRITE;
	if (prot & PROT_EXEC)
		result |= AREA_EXECUTE;
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		result |= AREA_SHARED;
	if (flags & MAP_GROWSDOWN)
		result |= AREA_GROWS_DOWN;
	return result;
}

/* Whether [start, start + length) holds no area, nor a stack's guard gap. */
static bool range_free(struct spt *spt, uintptr_t start, uint32_t length)
{
	struct area *area = spt_area_from(spt, start);
	if (!area)
		return true;
	uintptr_t guard = area->flags & AREA_GROWS_DOWN ? STACK_GUARD_GAP : 0;
	return area_start(area) >= start + length + guard;
}

/* A free place: at the hint if it is free, else the highest below the stack's room. */
static uintptr_t find_place(struct spt *spt, uintptr_t hint, uint32_t length)
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
		place = area_find_gap(spt, length, USER_STACK_TOP - room);
	return place ? place : area_find_gap(spt, length, USER_STACK_TOP);
}

/* Where the mapping goes; an error as an address. */
static uintptr_t choose_place(struct spt *spt, uintptr_t address, uint32_t length, int flags)
{
	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		uintptr_t place = find_place(spt, address, length);
		return place ? place : (uintptr_t)-ENOMEM;
	}
	if (page_offset(address))
		return -EINVAL;
	if (!range_end(address, length))
		return -ENOMEM;
	if (address < USER_START)
		return -EPERM;
	struct area *area = spt_area_from(spt, address);
	if (flags & MAP_FIXED_NOREPLACE && area && area_start(area) < address + length)
		return -EEXIST;
	return address;
}

static bool over_space_limit(const struct spt *spt, uint32_t more_bytes)
{
	return spt->space_limit != UINT32_MAX &&
	       (uint64_t)spt->area_pages * PAGE_SIZE + more_bytes > spt->space_limit;
}

/* The checks that need no lock. */
static int check_mmap(uint32_t length, int prot, int flags, struct page_source *source,
                      uint32_t first_page, bool may_write)
{
	int type = flags & MAP_TYPE;
	if (length == 0 ||
	    (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE))
		return -EINVAL;
	if (page_round_up(length) == 0 || length > USER_END)
		return -ENOMEM;
	if (source && !source->ops->read)
		return -ENODEV; /* as the files of /proc, it has no pages */
	if (source && first_page + (page_round_up(length) >> PAGE_SHIFT) < first_page)
		return -EOVERFLOW;
	if (source && flags & MAP_GROWSDOWN)
		return -EINVAL;
	if (source && type != MAP_PRIVATE && prot & PROT_WRITE && !may_write)
		return -EACCES;
	return 0;
}

/* spt->lock held. */
static uintptr_t mmap_locked(struct spt *spt, uintptr_t address, uint32_t length,
                             uint32_t area_flags, int flags, struct page_source *source,
                             uint32_t first_page)
{
	address = choose_place(spt, address, length, flags);
	if (IS_ERROR(address))
		return address;
	if (over_space_limit(spt, length) || spt->area_count >= AREA_COUNT_MAX)
		return -ENOMEM;
	struct area *area = area_create(address, address + length, area_flags, source, first_page,
	                                UINTPTR_MAX);
	if (!area)
		return -ENOMEM;
	if (unmap(spt, address, address + length) != 0) {
		area_free(area);
		return -ENOMEM;
	}
	area_insert(spt, area);
	area_merge(spt, area);
	return address;
}

/* Whether bringing in a page of the area early should break copy-on-write at once; a shared
 * file's page stays clean until the program writes it. */
static bool populates_by_write(struct spt *spt, uintptr_t address)
{
	SCOPED_MUTEX(&spt->lock);
	struct area *area = spt_area(spt, address);
	return area && area->flags & AREA_WRITE && !(area->flags & AREA_SHARED);
}

/* MAP_POPULATE, mlock: touches every page as the program would. -ENOMEM if one cannot be had;
 * pages that the program may not touch either are left alone. One that was killed takes no more:
 * nobody would wait for the end of it, and one that is killed for its memory, on whose space its
 * vfork child may run, can take the last frames. */
static int populate(struct spt *spt, uintptr_t start, uint32_t length)
{
	for (uint32_t offset = 0; offset < length; offset += PAGE_SIZE) {
		uintptr_t address = start + offset;
		if (spt->dying || thread_current()->killed)
			return -ENOMEM;
		bool write = populates_by_write(spt, address);
		if (fault_resolve(spt, address, write) == FAULT_NO_MEMORY)
			return -ENOMEM;
	}
	return 0;
}

/* Gives the areas of the range AREA_LOCKED or takes it. Entries made before do not show it:
 * they are dropped. spt->lock held. */
static int set_locked(struct spt *spt, uintptr_t start, uintptr_t end, bool lock)
{
	if (!covered(spt, start, end) || split_at(spt, start) != 0 || split_at(spt, end) != 0 ||
	    spt_own_range(spt, start, end) != 0)
		return -ENOMEM;
	for (uintptr_t address = start; address < end;) {
		struct area *area = spt_area(spt, address);
		address = area->end;
		area->flags = lock ? area->flags | AREA_LOCKED : area->flags & ~AREA_LOCKED;
		trace_area_change(spt, area, area_start(area), area->end);
		area_merge(spt, area);
	}
	pagedir_clear(&spt->pagedir, start, end);
	return 0;
}

int vm_mlock(struct spt *spt, uintptr_t address, uint32_t length, bool lock)
{
	uint32_t more = page_offset(address);
	if (length + more < length)
		return -EINVAL;
	address -= more;
	uintptr_t end = range_end(address, length + more);
	if (!end)
		return -ENOMEM;
	mutex_lock(&spt->lock);
	int error = set_locked(spt, address, end, lock);
	mutex_unlock(&spt->lock);
	return error || !lock ? error : populate(spt, address, end - address);
}

/* The next area at or after the address, as a range; false if there is none. */
static bool next_area(struct spt *spt, uintptr_t address, uintptr_t *start, uintptr_t *end)
{
	SCOPED_MUTEX(&spt->lock);
	struct area *area = spt_area_from(spt, address);
	if (!area)
		return false;
	*start = area_start(area);
	*end = area->end;
	return true;
}

int vm_mlockall(struct spt *spt, int flags)
{
	spt->lock_future = flags & MCL_FUTURE;
	if (flags && !(flags & MCL_CURRENT))
		return 0;
	uintptr_t start, end = 0;
	while (next_area(spt, end, &start, &end)) {
		int error = vm_mlock(spt, start, end - start, flags & MCL_CURRENT);
		if (error)
			return error;
	}
	return 0;
}

uintptr_t vm_mmap(struct spt *spt, uintptr_t address, uint32_t length, int prot, int flags,
                  struct page_source *source, uint32_t first_page, bool may_write)
{
	int error = check_mmap(length, prot, flags, source, first_page, may_write);
	if (error)
		return error;
	length = page_round_up(length);
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	struct page_source *made = NULL;
	if (!source) {
		first_page = 0;
		if (shared && !(made = make_shared_memory ? make_shared_memory(length) : NULL))
			return -ENOMEM;
	}

	uint32_t area_flags = flags_of(prot, flags);
	if (!shared || may_write || made)
		area_flags |= AREA_MAY_WRITE;
	if (spt->lock_future || flags & MAP_LOCKED)
		area_flags |= AREA_LOCKED;
	mutex_lock(&spt->lock);
	uintptr_t result = mmap_locked(spt, address, length, area_flags, flags,
	                               made ? made : source, first_page);
	mutex_unlock(&spt->lock);
	if (made)
		made->ops->put(made);
	if (!IS_ERROR(result) && (flags & MAP_POPULATE || area_flags & AREA_LOCKED))
		populate(spt, result, length);
	return result;
}

int vm_munmap(struct spt *spt, uintptr_t address, uint32_t length)
{
	uintptr_t end = range_end(address, length);
	if (!end || length == 0)
		return -EINVAL;
	SCOPED_MUTEX(&spt->lock);
	return unmap(spt, address, end);
}

/* Entries of the range that allow more than the area now does are weakened or dropped. */
static void weaken_entries(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t rights)
{
	if (!(rights & AREA_RIGHTS)) {
		pagedir_clear(&spt->pagedir, start, end);
		return;
	}
	while (start < end) {
		uintptr_t stop = start + PAGES_A_HOLD * PAGE_SIZE;
		if (stop > end)
			stop = end;
		spin_lock(&vm_lock);
		pagedir_protect(&spt->pagedir, start, stop);
		spin_unlock(&vm_lock);
		start = stop;
	}
}

/* One area, or the part of it in [start, end), gets new rights; *next is where it ended. */
static int protect_part(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t rights,
                        uintptr_t *next)
{
	struct area *area = spt_area(spt, start);
	if (!area)
		return -ENOMEM;
	if (rights & AREA_WRITE && !(area->flags & AREA_MAY_WRITE))
		return -EACCES;
	*next = area->end < end ? area->end : end;
	if ((area->flags & AREA_RIGHTS) == rights)
		return 0;
	if (split_at(spt, start) != 0 || split_at(spt, *next) != 0 ||
	    spt_own_range(spt, start, *next) != 0)
		return -ENOMEM;
	area = spt_area(spt, start);
	bool less = area->flags & AREA_RIGHTS & ~rights;
	area->flags = (area->flags & ~AREA_RIGHTS) | rights;
	trace_area_change(spt, area, area_start(area), area->end);
	if (less && !(rights & AREA_WRITE))
		weaken_entries(spt, start, *next, rights);
	area_merge(spt, area);
	return 0;
}

int vm_mprotect(struct spt *spt, uintptr_t address, uint32_t length, int prot)
{
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	if (page_offset(address))
		return -EINVAL;
	if (length == 0)
		return 0;
	uintptr_t end = range_end(address, length);
	if (!end)
		return -ENOMEM;

	uint32_t rights = flags_of(prot, MAP_PRIVATE);
	SCOPED_MUTEX(&spt->lock);
	while (address < end) {
		int error = protect_part(spt, address, end, rights, &address);
		if (error)
			return error;
	}
	return 0;
}

/* The heap's area, which ends at the page-aligned break, or NULL if it is empty. */
static struct area *heap_of(struct spt *spt)
{
	uintptr_t end = page_round_up(spt->brk);
	struct area *area = end > spt->brk_start ? spt_area(spt, end - PAGE_SIZE) : NULL;
	return area && area->flags & AREA_HEAP ? area : NULL;
}

static int heap_grow(struct spt *spt, uintptr_t old_end, uintptr_t new_end)
{
	uint32_t more = new_end - old_end;
	if (over_space_limit(spt, more) || !range_free(spt, old_end, more))
		return -ENOMEM;
	struct area *heap = heap_of(spt);
	if (heap && heap->end == old_end && heap->flags & AREA_WRITE) {
		area_set_end(spt, heap, new_end);
		return 0;
	}
	heap = area_create(old_end, new_end, AREA_READ | AREA_WRITE | AREA_MAY_WRITE | AREA_HEAP,
	                   NULL, 0, UINTPTR_MAX);
	if (!heap)
		return -ENOMEM;
	area_insert(spt, heap);
	return 0;
}

uintptr_t vm_brk(struct spt *spt, uintptr_t new_break)
{
	SCOPED_MUTEX(&spt->lock);
	if (new_break < spt->brk_start || new_break > USER_STACK_TOP)
		return spt->brk;
	if (spt->data_limit != UINT32_MAX && new_break - spt->brk_start > spt->data_limit)
		return spt->brk;
	uintptr_t old_end = page_round_up(spt->brk);
	uintptr_t new_end = page_round_up(new_break);
	int error = 0;
	if (new_end > old_end)
		error = heap_grow(spt, old_end, new_end);
	else if (new_end < old_end)
		error = unmap(spt, new_end, old_end);
	if (!error)
		spt->brk = new_break;
	return spt->brk;
}

/* mremap's arguments, with lengths in whole pages. */
struct remap {
	uintptr_t old, new_address;
	uint32_t old_length, new_length;
	int flags;
};

static int check_remap(const struct remap *remap)
{
	if (remap->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED) || page_offset(remap->old))
		return -EINVAL;
	if (remap->new_length == 0 || remap->old_length == 0)
		return -EINVAL;
	if (!(remap->flags & MREMAP_FIXED))
		return 0;
	if (!(remap->flags & MREMAP_MAYMOVE) || remap->new_address < USER_START ||
	    !range_end(remap->new_address, remap->new_length))
		return -EINVAL;
	bool apart = remap->new_address + remap->new_length <= remap->old ||
	             remap->old + remap->old_length <= remap->new_address;
	return apart ? 0 : -EINVAL;
}

/* Moves the mapping to a place of the new length; the old range is gone then. Whatever can fail
 * for want of memory comes first: later nothing can be put back as it was. */
static uintptr_t remap_move(struct spt *spt, const struct remap *remap)
{
	uintptr_t old_end = remap->old + remap->old_length;
	uintptr_t place = remap->new_address;
	if (!(remap->flags & MREMAP_FIXED))
		place = find_place(spt, 0, remap->new_length);
	else if (unmap(spt, place, place + remap->new_length) != 0)
		return -ENOMEM;
	if (!place || split_at(spt, remap->old) != 0 || split_at(spt, old_end) != 0 ||
	    spt_own_range(spt, remap->old, old_end) != 0 ||
	    spt_own_range(spt, place, place + remap->new_length) != 0)
		return -ENOMEM;

	struct area *old = spt_area(spt, remap->old);
	uintptr_t file_end = old->file_end;
	if (file_end != UINTPTR_MAX)
		file_end += place - remap->old;
	struct area *area = area_create(place, place + remap->new_length, old->flags, old->source,
	                                old->first_page, file_end);
	if (!area)
		return -ENOMEM;
	area_insert(spt, area);
	uint32_t moved = remap->old_length < remap->new_length ? remap->old_length
	                                                       : remap->new_length;
	if (spt_move_pages(spt, remap->old, place, moved) != 0) {
		/* Nothing moved, but leaves may have been made there. */
		spt_drop_pages(spt, place, area->end);
		area_remove(spt, area);
		area_free(area);
		return -ENOMEM;
	}
	int error = unmap(spt, remap->old, old_end);
	ASSERT_SAYING(!error, "unmapping whole areas needs no memory");
	area_merge(spt, area);
	return place;
}

/* spt->lock held. */
static uintptr_t remap_locked(struct spt *spt, const struct remap *remap)
{
	uintptr_t old_end = remap->old + remap->old_length;
	struct area *area = spt_area(spt, remap->old);
	if (!area || area->end < old_end)
		return -EFAULT;
	if (remap->flags & MREMAP_FIXED)
		return remap_move(spt, remap);
	if (remap->new_length <= remap->old_length) {
		int error = unmap(spt, remap->old + remap->new_length, old_end);
		return error ? (uintptr_t)error : remap->old;
	}
	uint32_t more = remap->new_length - remap->old_length;
	if (over_space_limit(spt, more))
		return -ENOMEM;
	uint32_t first = area_source_page(area, remap->old);
	if (area->source && first + (remap->new_length >> PAGE_SHIFT) < first)
		return -EINVAL;
	if (area->end == old_end && range_end(old_end, more) && range_free(spt, old_end, more)) {
		area_set_end(spt, area, old_end + more);
		area_merge(spt, area);
		return remap->old;
	}
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
	SCOPED_MUTEX(&spt->lock);
	return remap_locked(spt, &remap);
}

/* The area at or after *address in the range, with a reference on its source for use without
 * the lock; *address moves to its start. NULL at the end. */
static struct page_source *next_source(struct spt *spt, uintptr_t *address, uintptr_t end,
                                       uint32_t *first, uint32_t *pages, bool *hole)
{
	SCOPED_MUTEX(&spt->lock);
	while (*address < end) {
		struct area *area = spt_area(spt, *address);
		if (!area) {
			*hole = true;
			area = spt_area_from(spt, *address);
			*address = area && area_start(area) < end ? area_start(area) : end;
			continue;
		}
		uintptr_t stop = area->end < end ? area->end : end;
		*first = area_source_page(area, *address);
		*pages = (stop - *address) >> PAGE_SHIFT;
		*address = stop;
		if (area->source && area->flags & AREA_SHARED) {
			area->source->ops->get(area->source);
			return area->source;
		}
	}
	return NULL;
}

/* Whether mlock holds a page of the range. */
static bool any_locked(struct spt *spt, uintptr_t start, uintptr_t end)
{
	SCOPED_MUTEX(&spt->lock);
	struct area *area;
	for (; (area = spt_area_from(spt, start)) && area_start(area) < end; start = area->end)
		if (area->flags & AREA_LOCKED)
			return true;
	return false;
}

int vm_msync(struct spt *spt, uintptr_t address, uint32_t length, int flags)
{
	if (flags & ~(MS_ASYNC | MS_SYNC | MS_INVALIDATE) || page_offset(address) ||
	    (flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	uintptr_t end = range_end(address, length);
	if (!end)
		return length == 0 ? 0 : -ENOMEM;
	/* All see the same frame, so there is nothing to invalidate; a locked one is refused. */
	if (flags & MS_INVALIDATE && any_locked(spt, address, end))
		return -EBUSY;

	bool hole = false;
	int error = 0;
	struct page_source *source;
	uint32_t first, pages;
	while ((source = next_source(spt, &address, end, &first, &pages, &hole))) {
		/* What lives in memory is not made safer by swapping it out. */
		if (flags & MS_SYNC && !source->anonymous &&
		    pagecache_sync(source, first, first + pages) != 0)
			error = -EIO;
		source->ops->put(source);
	}
	return error ? error : hole ? -ENOMEM : 0;
}

/* MADV_NORMAL, RANDOM, SEQUENTIAL: notes in which order the program will read. */
static int set_order(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t order)
{
	if ((spt_area(spt, start)->flags & AREA_ORDER) == order)
		return 0;
	if (split_at(spt, start) != 0 || split_at(spt, end) != 0)
		return -EAGAIN; /* of ENOMEM madvise(2) says something else */
	struct area *area = spt_area(spt, start);
	area->flags = (area->flags & ~AREA_ORDER) | order;
	trace_area_change(spt, area, start, end);
	area_merge(spt, area);
	return 0;
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
			struct frame *frame = &frames[entry >> PAGE_SHIFT];
			if (entry & PTE_P && frame != zero_frame && frame_mapping_count(frame) == 1)
				frame_test_accessed(frame);
		}
		spin_unlock(&vm_lock);
	}
}

/* MADV_DONTNEED: what the program wrote there is gone. */
static int give_up(struct spt *spt, uintptr_t start, uintptr_t end)
{
	if (spt_part(spt, start, end) != 0)
		return -EAGAIN;
	spt_drop_pages(spt, start, end);
	return 0;
}

static int advise_part(struct spt *spt, struct area *area, uintptr_t start, uintptr_t end,
                       int advice)
{
	switch (advice) {
	case MADV_FREE:
		if (area->source || area->flags & (AREA_SHARED | AREA_LOCKED))
			return -EINVAL;
		/* Giving the pages up at once is one way of doing it when memory is wanted. */
		return give_up(spt, start, end);
	case MADV_DONTNEED:
		if (area->flags & AREA_LOCKED)
			return -EINVAL;
		return give_up(spt, start, end);
	case MADV_WILLNEED:
		readahead_range(spt, area, start, end);
		return 0;
	case MADV_COLD:
	case MADV_PAGEOUT:
		if (area->flags & AREA_LOCKED)
			return -EINVAL;
		cool(spt, start, end);
		return 0;
	case MADV_NORMAL:
		return set_order(spt, start, end, 0);
	case MADV_RANDOM:
		return set_order(spt, start, end, AREA_RANDOM);
	case MADV_SEQUENTIAL:
		return set_order(spt, start, end, AREA_SEQUENTIAL);
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
		return 0;
	default:
		return -EINVAL;
	}
}

int vm_madvise(struct spt *spt, uintptr_t address, uint32_t length, int advice)
{
	uintptr_t end = range_end(address, length);
	if (page_offset(address) || (!end && length > 0))
		return -EINVAL;
	SCOPED_MUTEX(&spt->lock);
	int hole = 0;
	while (address < end) {
		struct area *area = spt_area_from(spt, address);
		uintptr_t start = area && area_start(area) > address ? area_start(area) : address;
		if (!area || start > address)
			hole = -ENOMEM;
		if (!area || start >= end)
			return -ENOMEM;
		address = area->end < end ? area->end : end;
		int error = advise_part(spt, area, start, address, advice);
		if (error)
			return error;
	}
	return hole;
}

static bool page_in_memory(struct spt *spt, struct area *area, uintptr_t address)
{
	bool in_memory;
	spin_lock(&vm_lock);
	struct anon *anon = spt_anon(spt, address);
	if (anon)
		in_memory = anon->frame != NULL;
	else
		in_memory = area->source &&
		            pagecache_find(area->source, area_source_page(area, address));
	spin_unlock(&vm_lock);
	return in_memory;
}

int vm_mincore(struct spt *spt, uintptr_t address, uint32_t pages, unsigned char *to)
{
	uintptr_t end = address + pages * PAGE_SIZE;
	SCOPED_MUTEX(&spt->lock);
	if (!covered(spt, address, end))
		return -ENOMEM;
	for (; address < end; address += PAGE_SIZE)
		*to++ = page_in_memory(spt, spt_area(spt, address), address);
	return 0;
}

/* Adds an area of a new program, replacing what an earlier segment left there. */
static int add_area(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t flags,
                    struct page_source *source, uint32_t first_page, uintptr_t file_end)
{
	if (start >= end || start < USER_START || end > USER_STACK_TOP)
		return -ENOEXEC;
	struct area *area = area_create(start, end, flags, source, first_page, file_end);
	if (!area)
		return -ENOMEM;
	if (unmap(spt, start, end) != 0) {
		area_free(area);
		return -ENOMEM;
	}
	area_insert(spt, area);
	return 0;
}

int vm_map_segment(struct spt *spt, uintptr_t address, struct page_source *source,
                   uint32_t offset, uint32_t file_bytes, uint32_t memory_bytes, int prot)
{
	if (page_offset(address) != page_offset(offset) || memory_bytes < file_bytes ||
	    address + memory_bytes < address || address + memory_bytes > USER_STACK_TOP)
		return -ENOEXEC;
	uint32_t flags = flags_of(prot, MAP_PRIVATE) | AREA_MAY_WRITE;
	uintptr_t start = page_round_down(address);
	uintptr_t file_end = address + file_bytes;
	uintptr_t end = page_round_up(address + memory_bytes);
	SCOPED_MUTEX(&spt->lock);

	if (file_bytes > 0) {
		uintptr_t middle = page_round_up(file_end);
		bool zeros_follow = memory_bytes > file_bytes && page_offset(file_end);
		int error = add_area(spt, start, middle, flags, source, offset >> PAGE_SHIFT,
		                     zeros_follow ? file_end : UINTPTR_MAX);
		if (error)
			return error;
		start = middle;
	}
	return start < end ? add_area(spt, start, end, flags, NULL, 0, UINTPTR_MAX) : 0;
}

int vm_map_stack(struct spt *spt, bool executable)
{
	uint32_t flags = AREA_READ | AREA_WRITE | AREA_MAY_WRITE | AREA_GROWS_DOWN;
	spt->stack_top = USER_STACK_TOP;
	SCOPED_MUTEX(&spt->lock);
	return add_area(spt, USER_STACK_TOP - PAGE_SIZE, USER_STACK_TOP,
	                flags | (executable ? AREA_EXECUTE : 0), NULL, 0, UINTPTR_MAX);
}

void vm_set_brk(struct spt *spt, uintptr_t start)
{
	spt->brk_start = spt->brk = page_round_up(start);
}
