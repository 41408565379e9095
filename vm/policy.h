/* SPDX-License-Identifier: MIT */
/*
 * Page replacement: which frame goes next. A policy sees pages come and go, may ask of a
 * page whether it was referenced since it last asked, and names a victim. Nothing else:
 * no frames, no locks, no kernel, so that the same file compiles for the host and is
 * replayed there against recorded references.
 *
 * All calls are made with the environment's lock held (in the kernel vm_lock).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"

/* One resident page, as a policy sees it; embedded in the environment's own record. */
struct policy_page {
	struct list_link link; /* the policy's queue */
	uint32_t note;         /* the policy's own: age, history, which queue */
};

struct policy {
	const char *name;
	/* The page became resident. Its reference bit is set if it was brought in for an
	 * access, which the processor retries: clock sees it referenced. */
	void (*page_in)(struct policy_page *);
	/* The page is leaving: chosen and evicted, or freed by its owner. */
	void (*page_out)(struct policy_page *);
	/* The next victim, which stays in the queue until page_out; NULL if no page can go.
	 * Looks only at pages for which policy_evictable() holds, and stops by itself after
	 * at most two rounds over the queue. A victim that is not evicted after all is not
	 * named again until its turn comes round. */
	struct policy_page *(*choose)(void);
};

/* Every policy compiled in, ended by NULL. */
extern const struct policy *const policies[];
extern const struct policy policy_clock;
extern const struct policy policy_fifo;

/* What the environment supplies. */
bool policy_referenced(struct policy_page *); /* tests and clears the reference bit */
bool policy_evictable(struct policy_page *);  /* false: busy or pinned just now */
