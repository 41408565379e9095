/* SPDX-License-Identifier: MIT */
/*
 * Page replacement: which frame goes next. A policy sees pages come and go, may ask of a
 * page whether it was referenced since it last asked, and names a victim. Nothing else:
 * no frames, no locks, no kernel, so that the same file compiles for the host and is
 * replayed there against recorded references. docs/policy.md shows how to write one.
 *
 *        environment (kernel, or lab)                       policy
 *        start(self, table, frames) ------------------>     begins, with empty queues
 *        a page becomes resident: page_in(self, page) ->    puts it into a queue
 *        time passes: tick(self) --------------------->     looks at some bits
 *        a frame is needed: step(self) --------------->     looks at its next page
 *                  <-- policy_evictable(page)?
 *                  <-- policy_referenced(page)?
 *                  <------- victim, or NULL: again          and keeps it in a queue
 *        the victim is evicted: page_out(self, page) ->     takes it out
 *
 * A policy has no variables: what it knows is in `self`. For it is used several times at once, on
 * pages that have nothing to do with each other: all of the machine's, and those of each program
 * that may have only so many (vm/resident.h).
 *
 * All calls are made with the environment's lock held (in the kernel vm_lock).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/list.h"

/* One resident page, as a policy sees it; embedded in the environment's own record. */
struct policy_page {
	struct list_link link; /* the policy's queue; in one exactly while resident */
	uint32_t note;         /* the policy's own: age, history, which queue */
	/* The environment's, set before page_in: the same each time the page comes back, and
	 * another one for (nearly) every other page. So a policy can remember what left. */
	uint32_t identity;
};

struct policy {
	const char *name;
	uint32_t self_bytes; /* of its queues and numbers; at most POLICY_SELF_MOST */
	/* Bytes of table that the policy wants for each frame of memory; 0: none. */
	uint32_t table_bytes;
	/* The policy begins, with no page. The table has room for `frames`, which is at least the
	 * number of pages ever resident at a time; its content, and self's, is undefined. */
	void (*start)(void *self, void *table, uint32_t frames);
	/* The page became resident. Its reference bit is set if it was brought in for an
	 * access, which the processor retries: clock sees it referenced. */
	void (*page_in)(void *self, struct policy_page *);
	/* The page is leaving: chosen and evicted, or freed by its owner. */
	void (*page_out)(void *self, struct policy_page *);
	/* A frame is needed: looks at the page whose turn it is. The victim, which stays in the
	 * queue until page_out, or NULL: not this one; the next step looks at another. Names only
	 * pages for which policy_evictable() holds. If any page can go, it is named after at most
	 * POLICY_STEPS steps for each page there is. A victim that is not evicted after all is
	 * not named again until its turn comes round. There is a page. */
	struct policy_page *(*step)(void *self);
	/* Time has passed: called in steady intervals, for policies that measure how long
	 * ago a page was referenced. Looks at a bounded number of pages. NULL: not needed. */
	void (*tick)(void *self);
	/* Which one chooses in its stead among the pages of a program that may have only so many.
	 * NULL: itself. */
	const struct policy *at_limit;
};

#define POLICY_STEPS 6u
#define POLICY_SELF_MOST 256u

/* Steps on until a victim is named, among so many pages; NULL if none can go. In the kernel
 * evict.c does it, which lets others have the lock in between. */
static inline struct policy_page *policy_choose(const struct policy *policy, void *self,
                                                uint32_t pages)
{
	struct policy_page *victim = NULL;
	for (uint32_t steps = POLICY_STEPS * pages; steps > 0 && !victim; steps--)
		victim = policy->step(self);
	return victim;
}

/* Every policy compiled in, ended by NULL. The first is the kernel's default. */
extern const struct policy *const policies[];
/* By name; NULL if there is none. */
const struct policy *policy_find(const char *name);
/* The most table_bytes that any of them wants: one table serves whichever is in use. */
uint32_t policy_table_bytes(void);

extern const struct policy policy_aging;
extern const struct policy policy_clock;
extern const struct policy policy_exchange;
extern const struct policy policy_fifo;
extern const struct policy policy_random;
extern const struct policy policy_s3fifo;

/* What the environment supplies. */
bool policy_referenced(struct policy_page *); /* tests and clears the reference bit */
bool policy_evictable(struct policy_page *);  /* false: busy or pinned just now */

/* The page to which a queue's link belongs. */
static inline struct policy_page *policy_page_of(struct list_link *link)
{
	return LIST_ENTRY(link, struct policy_page, link);
}

/* The page at the queue's front, moved to its end: how a hand goes round. The queue is not
 * empty. */
static inline struct policy_page *policy_rotate(struct list *queue)
{
	struct list_link *link = list_pop(queue);
	list_append(queue, link);
	return policy_page_of(link);
}
