/* SPDX-License-Identifier: MIT */
/*
 * Clock, or second chance: the pages stand in a ring and a hand goes round. A page that was
 * referenced since the hand last passed is passed over, and its reference bit cleared; the
 * first one that was not is the victim. So a page stays as long as it is used once a round.
 *
 *            . hand
 *        +--v--+-----+-----+-----+
 *        | A=1 | A=0 | A=1 | A=1 |  ...      the second page goes; the first one's
 *        +-----+-----+-----+-----+           bit is now 0
 *
 * New pages enter behind the hand: a whole round passes before they are looked at. If every
 * page was referenced, the hand clears all bits and ends where it began: then clock is FIFO,
 * and shares its anomaly.
 * Source: F. J. Corbato, "A Paging Experiment with the Multics System", 1968.
 */
#include "vm/policy.h"

/* self: the ring; the hand stands at its first page */

static void clock_start(void *self, void *table, uint32_t frames)
{
	(void)table, (void)frames;
	list_init(self);
}

static void clock_page_in(void *self, struct policy_page *page)
{
	list_append(self, &page->link);
}

static void clock_page_out(void *self, struct policy_page *page)
{
	(void)self;
	list_remove(&page->link);
}

/* After one round every bit has been cleared once, so two rounds find a victim if any page
 * can go at all. */
static struct policy_page *clock_step(void *self)
{
	struct policy_page *page = policy_rotate(self);
	return policy_evictable(page) && !policy_referenced(page) ? page : NULL;
}

const struct policy policy_clock = {
	.name = "clock",
	.self_bytes = sizeof(struct list),
	.start = clock_start,
	.page_in = clock_page_in,
	.page_out = clock_page_out,
	.step = clock_step,
};
