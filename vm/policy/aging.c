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
 * aged; those of this round are at their queue's end. Queue 0, whose pages stay in it, is two,
 * one for each value of that bit: the half that was aged already is the older one.
 *
 * Between ticks a candidate that has been referenced goes up to queue 8: without any tick the
 * policy is clock.
 * Source: A. S. Tanenbaum, "Modern Operating Systems", 3.4.7 (simulating LRU in software).
 */
#include "vm/policy.h"

#define HISTORY_BITS 8
#define RECENT (1u << (HISTORY_BITS - 1))
#define ROUND_SHIFT 31
#define STEPS 256

struct aging {
	struct list zero[2];                  /* queue 0, by round */
	struct list queues[HISTORY_BITS + 1]; /* the others, from 1 */
	uint32_t this_round; /* 0 or 1 */
	unsigned next_queue; /* the queue that is being aged */
};

static void aging_start(void *self, void *table, uint32_t frames)
{
	struct aging *aging = self;
	(void)table, (void)frames;
	list_init(&aging->zero[0]);
	list_init(&aging->zero[1]);
	for (unsigned i = 1; i <= HISTORY_BITS; i++)
		list_init(&aging->queues[i]);
	aging->this_round = 0;
	aging->next_queue = 0;
}

static uint32_t history_of(const struct policy_page *page)
{
	return page->note & ~(1u << ROUND_SHIFT);
}

/* Appends the page, which is in no queue, to the one of its history. */
static void enter(struct aging *aging, struct policy_page *page, uint32_t history)
{
	struct list *queue = history ? &aging->queues[32 - __builtin_clz(history)]
	                             : &aging->zero[aging->this_round];
	page->note = aging->this_round << ROUND_SHIFT | history;
	list_append(queue, &page->link);
}

static void aging_page_in(void *self, struct policy_page *page)
{
	enter(self, page, RECENT);
}

static void aging_page_out(void *self, struct policy_page *page)
{
	(void)self;
	list_remove(&page->link);
}

/* The next page that was not aged in this round, or NULL at its end. */
static struct policy_page *next_to_age(struct aging *aging)
{
	for (; aging->next_queue <= HISTORY_BITS; aging->next_queue++) {
		struct list *queue = aging->next_queue ? &aging->queues[aging->next_queue]
		                                       : &aging->zero[!aging->this_round];
		struct list_link *first = list_first(queue);
		if (first && policy_page_of(first)->note >> ROUND_SHIFT != aging->this_round)
			return policy_page_of(first);
	}
	return NULL;
}

static void aging_tick(void *self)
{
	struct aging *aging = self;
	struct policy_page *page = next_to_age(aging);
	if (!page) {
		aging->this_round = !aging->this_round;
		aging->next_queue = 0;
		page = next_to_age(aging);
	}
	for (unsigned steps = STEPS; page && steps > 0; steps--) {
		uint32_t history = history_of(page) >> 1;
		list_remove(&page->link);
		enter(aging, page, policy_referenced(page) ? history | RECENT : history);
		page = next_to_age(aging);
	}
}

/* There is a page. */
static struct policy_page *oldest(struct aging *aging)
{
	struct list *queue = &aging->zero[aging->this_round];
	if (list_empty(queue))
		queue = &aging->zero[!aging->this_round];
	for (unsigned i = 1; list_empty(queue); i++)
		queue = &aging->queues[i];
	return policy_page_of(list_first(queue));
}

/* Whoever is passed over counts as referenced: a busy page is in use, and so is a victim that
 * is not evicted after all. Two rounds are enough, as for clock. */
static struct policy_page *aging_step(void *self)
{
	struct policy_page *page = oldest(self);
	list_remove(&page->link);
	enter(self, page, history_of(page) | RECENT);
	return policy_evictable(page) && !policy_referenced(page) ? page : NULL;
}

const struct policy policy_aging = {
	.name = "aging",
	.self_bytes = sizeof(struct aging),
	.start = aging_start,
	.page_in = aging_page_in,
	.page_out = aging_page_out,
	.step = aging_step,
	.tick = aging_tick,
};
