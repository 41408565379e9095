/* SPDX-License-Identifier: MIT */
/*
 * First in, first out: the page that has been resident longest goes, used or not. Simple,
 * and a yardstick.
 *
 *        out <--- [ oldest | ... | ... | newest ] <--- in
 *
 * It shows Belady's anomaly: the references 1 2 3 4 1 2 5 1 2 3 4 5 are 9 faults with three
 * frames, and 10 with four. More memory is no help, since what a larger memory holds in this
 * queue is not always a superset of what a smaller one holds.
 * Source: L. A. Belady, R. A. Nelson and G. S. Shedler, "An Anomaly in Space-Time
 * Characteristics of Certain Programs Running in a Paging Machine", CACM 12(6), 1969.
 */
#include "vm/policy.h"

/* self: the queue, oldest first */

static void fifo_start(void *self, void *table, uint32_t frames)
{
	(void)table, (void)frames;
	list_init(self);
}

static void fifo_page_in(void *self, struct policy_page *page)
{
	list_append(self, &page->link);
}

static void fifo_page_out(void *self, struct policy_page *page)
{
	(void)self;
	list_remove(&page->link);
}

static struct policy_page *fifo_step(void *self)
{
	struct policy_page *page = policy_rotate(self);
	return policy_evictable(page) ? page : NULL;
}

const struct policy policy_fifo = {
	.name = "fifo",
	.self_bytes = sizeof(struct list),
	.start = fifo_start,
	.page_in = fifo_page_in,
	.page_out = fifo_page_out,
	.step = fifo_step,
};
