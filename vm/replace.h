/* SPDX-License-Identifier: MIT */
/*
 * Page replacement in the kernel: which page goes next. Holds every resident page in the queue
 * of the policy in use (policy.h), and asks it for a victim. What becomes of the victim is
 * evict.c's business.
 */
#pragma once

#include "lib/types.h"
#include "vm/policy.h"

struct frame;

/*
 * What a policy asks of a page, answered by whoever wants a victim; vm_lock held. may_go: whether
 * the frame's page could be evicted now. referenced: whether it was used since this was asked last;
 * the answer is forgotten.
 */
struct replace_judge {
	bool (*may_go)(const struct frame *);
	bool (*referenced)(struct frame *);
};

/*
 * Who answers what a policy asks (policy.h): the frames of the machine's pages, or resident.c for
 * those of one space. For what is asked until vm_lock is let go; held.
 */
struct replace_answers {
	bool (*evictable)(struct policy_page *);
	bool (*referenced)(struct policy_page *);
};
void replace_answer_by(const struct replace_answers *);

/* The policy begins: before the first page has an owner, while physmem_boot_take works. */
void replace_init(void);
/* All below, but the last two: vm_lock held. */
/* The frame got an owner / is losing it: enters and leaves the policy's queue. */
void replace_enter(struct frame *);
void replace_leave(struct frame *);
void replace_leave_many(struct frame *const *, uint32_t count);
/* An entry locks the page in memory / does so no longer. The policy does not have it meanwhile:
 * its shares and ages are of pages that can go. */
void replace_lock(struct frame *, bool lock);
/* The policy's next victim, or NULL if it names none, which it may only if no page may go. The
 * lock is let go between steps. */
struct frame *replace_next(const struct replace_judge *);
/* Time has passed. */
void replace_tick(const struct replace_judge *);
/* Resident pages that can go without swap: those of files, but for tmpfs's. */
uint32_t replace_file_pages(void);
const struct policy *replace_policy(void);
/* Another policy, by name; -EINVAL if unknown. Moves every page to the new one's queue, in the
 * order of the frames: what the old one knew is lost. Takes vm_lock. */
int replace_set_policy(const char *name);
