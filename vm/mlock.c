/* SPDX-License-Identifier: MIT */
/*
 * Locking in memory: mlock(2) and its kin. A locked area makes the entries of its pages say so
 * (PTE_LOCKED), and eviction asks these.
 */
#include "vm/mmap.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <linux/mman.h>

#include "kernel/mem/layout.h"
#include "vm/area.h"
#include "vm/page.h"
#include "vm/range.h"
#include "vm/spt.h"

#define LOCKS (AREA_LOCKED | AREA_LOCK_ON_FAULT)

/* Gives the areas of the range these of LOCKS, up to the first hole. Entries made before do not
 * show that they are locked, and are dropped; from those that shall not be any more the mark is
 * taken, and the pages stay mapped. spt->lock held. */
static int set_locks(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t locks)
{
	uintptr_t covered = range_covered(spt, start, end);
	if (spt_own_range(spt, start, covered) != 0 ||
	    range_set_flags(spt, start, covered, LOCKS, locks) != 0)
		return -ENOMEM;
	if (locks)
		pagedir_clear(&spt->pagedir, start, covered);
	else
		pagedir_unlock(&spt->pagedir, start, covered);
	return covered < end ? -ENOMEM : 0;
}

/* The pages that the bytes touch; -EINVAL where their end is not to be had. */
static int round_range(uintptr_t *address, uint32_t length, uintptr_t *end)
{
	uint32_t more = page_offset(*address);
	*address -= more;
	*end = *address;
	if (length == 0 && more == 0)
		return 0;
	if (length + more < length || *address + page_round_up(length + more) <= *address)
		return -EINVAL;
	*end = range_end(*address, length + more);
	return *end ? 0 : -ENOMEM;
}

/* Brings the locked pages in; on demand, those that are in memory anyway: they stay. */
static int bring_in(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t locks)
{
	bool on_fault = locks & AREA_LOCK_ON_FAULT;
	switch (range_populate(spt, start, end, on_fault ? POPULATE_RESIDENT
	                                                 : POPULATE_AS_ALLOWED)) {
	case FAULT_DONE:
		return 0;
	case FAULT_NO_MEMORY:
		return -EAGAIN;
	default:
		return on_fault ? 0 : -ENOMEM;
	}
}

static uint32_t locks_of(bool on_fault)
{
	return AREA_LOCKED | (on_fault ? AREA_LOCK_ON_FAULT : 0);
}

static int lock_range(struct spt *spt, uintptr_t start, uintptr_t end, uint32_t locks)
{
	SCOPED_WRITE(&spt->lock);
	if (range_over_lock_limit(spt, end - start - range_locked(spt, start, end)))
		return -ENOMEM;
	return set_locks(spt, start, end, locks);
}

int vm_mlock(struct spt *spt, uintptr_t address, uint32_t length, int flags)
{
	uintptr_t end;
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	if (spt->lock_limit == 0)
		return -EPERM;
	int error = round_range(&address, length, &end);
	uint32_t locks = locks_of(flags & MLOCK_ONFAULT);
	if (!error)
		error = lock_range(spt, address, end, locks);
	return error ? error : bring_in(spt, address, end, locks);
}

int vm_munlock(struct spt *spt, uintptr_t address, uint32_t length)
{
	uintptr_t end;
	int error = round_range(&address, length, &end);
	if (error)
		return error;
	SCOPED_WRITE(&spt->lock);
	return set_locks(spt, address, end, 0);
}

/* The next area at or after *end, as a range, gets these locks; false if there is none. */
static bool lock_next(struct spt *spt, uintptr_t *start, uintptr_t *end, uint32_t locks, int *error)
{
	SCOPED_WRITE(&spt->lock);
	struct area *area = spt_area_from(spt, *end);
	if (!area)
		return false;
	*start = area_start(area) > *end ? area_start(area) : *end;
	*end = area->end;
	*error = set_locks(spt, *start, *end, locks);
	return true;
}

static int set_all(struct spt *spt, uint32_t locks)
{
	uintptr_t start, end = 0;
	int error = 0;
	while (!error && lock_next(spt, &start, &end, locks, &error))
		if (!error && locks && bring_in(spt, start, end, locks) == -EAGAIN)
			error = -EAGAIN;
	return error;
}

static int change_future(struct spt *spt, uint32_t locks, bool current)
{
	SCOPED_WRITE(&spt->lock);
	uint64_t bytes = (uint64_t)spt->areas.pages * PAGE_SIZE;
	if (current && spt->lock_limit != UINT32_MAX && bytes > spt->lock_limit)
		return -ENOMEM;
	spt->lock_future = locks;
	return 0;
}

int vm_mlockall(struct spt *spt, int flags)
{
	bool current = flags & MCL_CURRENT;
	uint32_t locks = locks_of(flags & MCL_ONFAULT);
	if (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (flags && spt->lock_limit == 0)
		return -EPERM;
	int error = change_future(spt, flags & MCL_FUTURE ? locks : 0, current);
	if (error || (flags && !current))
		return error;
	return set_all(spt, current ? locks : 0);
}
