/* SPDX-License-Identifier: MIT */
/*
 * Aging: least recently used, approximated by a history of reference bits. In each round every
 * page's history is shifted right, and its reference bit enters at the left: read as a number,
 * the history is the smaller, the longer ago the page was referenced.
 *
 *        history   queue
 *        10110000    8  <- referenced in the last round; new pages enter here
 *        01000000    7
 *        00011000    5
 *        00000000    0  -> the longest here goes first
 *
 * The textbook looks for the smallest history among all pages; here a page stands in the queue
 * of its highest 1, so that the victim is found at once. Within a queue pages are aged and
 * appended in order, so of two pages alike the one that fell behind earlier goes earlier.
 *
 * Rounds are measured in time: a tick ages at most STEPS pages, from queue 0 up to 8, so that
 * no page is met twice in a round. Bit 31 of the note says in which round a page was last
 * aged; those of this round are at their queue's end. Between ticks a candidate that has been
 * referenced goes up to queue 8: without any tick the policy is clock.
 * Source: A. S. Tanenbaum, "Modern Operating Systems", 3.4.7 (simulating LRU in software).
 */
#include "vm/policy.h"

#define HISTORY_BITS 8
#define RECENT (1u << (HISTORY_BITS - 1))
#define ROUND (1u << 31)
#define STEPS 256

static struct list queues[HISTORY_BITS + 1];
static uint32_t pages;
static uint32_t this_round; /* 0 or ROUND */
static unsigned next_queue; /* the queue that is being aged */

static void aging_start(void *table, uint32_t frames)
{
	(void)table, (void)frames;
	for (unsigned i = 0; i <= HISTORY_BITS; i++)
		list_init(&queues[i]);
	pages = 0;
	this_round = 0;
	next_queue = 0;
}

/* Appends the page, which is in no queue, to the one of its history. */
static void enter(struct policy_page *page, uint32_t history)
{
	unsigned queue = history ? 32 - __builtin_clz(history) : 0;
	page->note = this_round | history;
	list_append(&queues[queue], &page->link);
}

static void aging_page_in(struct policy_page *page)
{
	enter(page, RECENT);
	pages++;
}

static void aging_page_out(struct policy_page *page)
{
	list_remove(&page->link);
	pages--;
}

/* The next page that was not aged in this round, or NULL at its end. */
static struct policy_page *next_to_age(void)
{
	for (; next_queue <= HISTORY_BITS; next_queue++) {
		struct list_link *first = list_first(&queues[next_queue]);
		if (first && (policy_page_of(first)->note & ROUND) != this_round)
			return policy_page_of(first);
	}
	return NULL;
}

static void aging_tick(void)
{
	struct policy_page *page = next_to_age();
	if (!page) {
		this_round ^= ROUND;
		next_queue = 0;
		page = next_to_age();
	}
	for (unsigned steps = STEPS; page && steps > 0; steps--) {
		uint32_t history = (page->note & ~ROUND) >> 1;
		list_remove(&page->link);
		enter(page, policy_referenced(page) ? history | RECENT : history);
		page = next_to_age();
	}
}

static struct policy_page *oldest(void)
{
	for (unsigned i = 0; i <= HISTORY_BITS; i++)
		if (!list_empty(&queues[i]))
			return policy_page_of(list_first(&queues[i]));
	return NULL;
}

/* Whoever is passed over counts as referenced: a busy page is in use, and so is a victim that
 * is not evicted after all. Two rounds are enough, as for clock. */
static struct policy_page *aging_choose(void)
{
	for (uint32_t steps = 2 * pages; steps > 0; steps--) {
		struct policy_page *page = oldest();
		list_remove(&page->link);
		enter(page, (page->note & ~ROUND) | RECENT);
		if (policy_evictable(page) && !policy_referenced(page))
			return page;
	}
	return NULL;
}

const struct policy policy_aging = {
	.name = "aging",
	.start = aging_start,
	.page_in = aging_page_in,
	.page_out = aging_page_out,
	.choose = aging_choose,
	.tick = aging_tick,
};
