/* SPDX-License-Identifier: MIT */
/*
 * Ranges of an address space: what the calls have in common that shape one (mmap.h). A range
 * is [start, end), both page aligned, below USER_END. spt->lock is held, unless said otherwise;
 * errors are negative.
 */
#pragma once

#include "lib/types.h"
#include "vm/fault.h"

struct area;
struct spt;

/* The end of the pages that `length` bytes from the (page-aligned) address on touch; 0 if that is
 * no user range. No lock. */
uintptr_t range_end(uintptr_t address, uint32_t length);
/* How far areas cover it without a hole: the end, or where the first hole begins. */
uintptr_t range_covered(struct spt *, uintptr_t start, uintptr_t end);
/* Whether [start, start + length) holds no area, nor a stack's guard gap. */
bool range_free(struct spt *, uintptr_t start, uint32_t length);
/* A free place of that length: at the hint if it is free, else the highest below the stack's
 * room. Its start, or 0. */
uintptr_t range_find_place(struct spt *, uintptr_t hint, uint32_t length);
/* Cuts areas so that none crosses an end of the range. 0 or -ENOMEM. May sleep. */
int range_split(struct spt *, uintptr_t start, uintptr_t end);
/* Takes away whatever is promised there. 0, or with nothing taken -ENOMEM, -EPERM (some of it is sealed).
 * May sleep. */
int range_unmap(struct spt *, uintptr_t start, uintptr_t end);
/* The areas of the range, which cover it, get these flags of `mask`, and no others of it. 0 or
 * -ENOMEM. May sleep. */
int range_set_flags(struct spt *, uintptr_t start, uintptr_t end, uint32_t mask, uint32_t flags);

/* Whether the page, which is in the area, is in memory. */
bool range_page_resident(struct spt *, struct area *, uintptr_t address);

/* How the pages of a range are to be touched. */
enum populate {
	POPULATE_AS_ALLOWED, /* by a write if that makes a page the program's own, else a read */
	POPULATE_RESIDENT,   /* by a read, those that are in memory */
	POPULATE_READ,       /* by a read, where reading is allowed */
	POPULATE_WRITE,      /* by a write */
};
/* Touches every page as the program would; says what the first access ended with that failed,
 * and goes no further. A thread that was killed takes no more: FAULT_NO_MEMORY. No lock held; may
 * sleep. */
enum fault_result range_populate(struct spt *, uintptr_t start, uintptr_t end, enum populate);

/* Whether RLIMIT_AS, or RLIMIT_DATA if these are AREA_WRITE and private, forbids so many bytes
 * more with these AREA flags; RLIMIT_MEMLOCK, so many bytes more that are locked. */
bool range_over_limit(struct spt *, uint32_t more_bytes, uint32_t area_flags);
bool range_over_lock_limit(struct spt *, uint32_t more_bytes);
/* Whether so many bytes more with these flags are more than may be promised. */
bool range_over_commit(uint32_t more_bytes, uint32_t area_flags);
/* How many bytes of the range are locked in memory. */
uint32_t range_locked(struct spt *, uintptr_t start, uintptr_t end);
