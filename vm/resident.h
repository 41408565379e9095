/* SPDX-License-Identifier: MIT */
/*
 * Page replacement within one address space, for a program that may have only so many pages in
 * memory (RLIMIT_RSS). Among its own pages the policy in use chooses, or the one that it names for
 * that (policy.h: at_limit), but by queues of their own: what else the machine holds has no part in
 * it, and is not looked at.
 *
 *   resident set ---> part 0 --- policy's self and table (one page)     as many parts as the
 *                     part 1 --- policy's self and table                limit wants: a page of a
 *                        ^                                              table serves PART_PAGES
 *        by a hash of the page's address                                of the space, on average
 *
 * The space's pages are entries of its page tables, which come one by one, by its page faults, and
 * go in many ways: unmapped, evicted for everybody, or chosen here. So a page enters when it is
 * about to be mapped, and one that went without our choice is found out when its turn comes.
 *
 * A set is begun when its space has half of what it may have, so that the policy has seen something
 * of it when the first page must go; a limit that is far away costs nothing. From then on it costs
 * 44 bytes a page, and up to 20 for each that may come.
 *
 * Pages that are locked (mlock) are not the policy's: it loses them as it comes across them. One that
 * is unlocked loses its entry, and so comes back by a fault.
 *
 * Under the lock of the space: all of these but resident_tick. Pages enter and leave with vm_lock
 * held, too, and whoever makes or ends a set lets no ticks in before and after.
 */
#pragma once

#include "lib/types.h"
#include "vm/replace.h"

struct pagedir;
struct resident_set;

/* The pages that are mapped now, under the policy in use. NULL if there is no memory. vm_lock not
 * held; may sleep. */
struct resident_set *resident_begin(struct pagedir *, uint32_t limit);
void resident_end(struct resident_set *); /* NULL is allowed. vm_lock not held. */
/* Whether it is good for this limit and the policy in use: else another one must be begun. */
bool resident_fits(const struct resident_set *, uint32_t limit);
/* The page is about to be mapped. Without memory for that it will just not be chosen. vm_lock not
 * held; may sleep. */
void resident_enter(struct resident_set *, uintptr_t address);
/* Enters what is mapped and has not entered, if that is any: a page table that is shared since a
 * fork gets pages by the other program's faults. As resident_enter. */
void resident_take_stock(struct resident_set *);
/* The victim, which leaves the set, in exchange for a page that comes at this address; NULL if none
 * can go. vm_lock held; it is let go between steps. */
struct frame *resident_next(struct resident_set *, uintptr_t address,
                            const struct replace_judge *);
/* Time has passed: for one part of it. vm_lock held; the space's lock need not be. */
void resident_tick(struct resident_set *, const struct replace_judge *);
