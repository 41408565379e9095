/* SPDX-License-Identifier: MIT */
/*
 * First in, first out: the page that has been resident longest goes, used or not. Simple,
 * and a yardstick: it shows Belady's anomaly, more faults with more memory.
 * Source: L. A. Belady, R. A. Nelson and G. S. Shedler, CACM 12(6), 1969.
 */
#include "vm/policy.h"

static struct list queue = LIST_INIT(queue); /* oldest first */
static uint32_t pages;

static void fifo_page_in(struct policy_page *page)
{
	list_append(&queue, &page->link);
	pages++;
}

static void fifo_page_out(struct policy_page *page)
{
	list_remove(&page->link);
	pages--;
}

static struct policy_page *fifo_choose(void)
{
	for (uint32_t steps = pages; steps > 0; steps--) {
		struct list_link *link = list_pop(&queue);
		struct policy_page *page = LIST_ENTRY(link, struct policy_page, link);
		list_append(&queue, link);
		if (policy_evictable(page))
			return page;
	}
	return NULL;
}

const struct policy policy_fifo = {
	.name = "fifo",
	.page_in = fifo_page_in,
	.page_out = fifo_page_out,
	.choose = fifo_choose,
};
