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

static struct list queue = LIST_INIT(queue); /* oldest first */

static void fifo_page_in(struct policy_page *page)
{
	list_append(&queue, &page->link);
}

static void fifo_page_out(struct policy_page *page)
{
	list_remove(&page->link);
}

static struct policy_page *fifo_step(void)
{
	struct policy_page *page = policy_rotate(&queue);
	return policy_evictable(page) ? page : NULL;
}

const struct policy policy_fifo = {
	.name = "fifo",
	.page_in = fifo_page_in,
	.page_out = fifo_page_out,
	.step = fifo_step,
};
