/* SPDX-License-Identifier: MIT */
/*
 * Exchange: s3fifo's queues (read that first), for a program that may have only so many pages: it knows
 * what a loop is, and pays with the order in which pages leave. A machine's pages should leave as they
 * came, side by side, so that the swap device gets and gives many with a request; a program at its
 * limit gives them up one by one anyway.
 *
 *              new                        referenced, or used more often
 *        in -----> [ fresh | on trial ] ----------------------------> [ main: a clock ] --> out
 *                         |   a 24th of the pages, or more
 *                         v neither
 *                        out --> (ghosts)
 *
 * A page that comes back while its ghost remembers it is used, but at a distance: that of the ghost
 * and of the trial together. Is there a page in main that was not used for longer? Main's hand is
 * moved on so far that it goes round once in PATIENCE such distances. If it meets one, the two change
 * places; else the one that came back goes again. So of a loop that is larger than memory all stays
 * but a 24th, since main's pages are used as often as those that come; and when a program has turned
 * to other data, main is taken over the faster the more often that is used.
 *
 * Memory that has just become full has no main queue yet. Then the oldest pages go there unasked,
 * instead of out: whatever comes next must be better than they.
 *
 * The small queue grows by GROWS with each page that proves itself there, up to half of all, and
 * shrinks by one with each that does not. So it is large while a program turns to other data, and
 * small while that is passed over which is not used again soon.
 *
 * Sources: as s3fifo's; distances compared with main's after S. Jiang and X. Zhang, "LIRS: An
 * Efficient Low Inter-reference Recency Set Replacement Policy", SIGMETRICS 2002; a share that learns
 * after N. Megiddo and D. Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST 2003.
 */
#include "vm/policy.h"
#include "vm/policy/ghosts.h"

#define SMALL_SHARE 24 /* the small queue has one page in so many, and */
#define SMALL_LEAST 3  /* so many more */
#define GROWS 2
#define PATIENCE 4
#define LOOKS_MOST 6u /* of main's hand, for one page */

enum place { FRESH, TRIAL, MAIN, PLACES };

/* The note: a place, whether the page was named from the small queue, and not met since; and in the
 * small queue, of a page that came back, at what distance: so many were evicted meanwhile. */
#define NOTE_PLACE 3u
#define NOTE_NAMED 4u
#define NOTE_DISTANCE 8u /* one */

struct exchange {
	struct list queues[PLACES];
	uint32_t counts[PLACES];
	struct ghosts ghosts;
	uint32_t grown;   /* pages by which the small queue's share has grown */
	uint32_t looks;   /* that are owed to pages that came back; 16 for one look */
	uint32_t in_vain; /* pages of the main queue named since a page left */
	uint32_t fruitless; /* steps of its hand since a page was named */
};

static void exchange_start(void *self, void *table, uint32_t frames)
{
	struct exchange *exchange = self;
	*exchange = (struct exchange){0};
	ghosts_start(&exchange->ghosts, table, frames);
	for (unsigned i = 0; i < PLACES; i++)
		list_init(&exchange->queues[i]);
}

static uint32_t page_count(const struct exchange *exchange)
{
	return exchange->counts[FRESH] + exchange->counts[TRIAL] + exchange->counts[MAIN];
}

static void enter(struct exchange *exchange, struct policy_page *page, uint32_t note)
{
	page->note = note;
	list_append(&exchange->queues[note & NOTE_PLACE], &page->link);
	exchange->counts[note & NOTE_PLACE]++;
}

static void leave(struct exchange *exchange, struct policy_page *page)
{
	exchange->counts[page->note & NOTE_PLACE]--;
	list_remove(&page->link);
}

static void move(struct exchange *exchange, struct policy_page *page, uint32_t note)
{
	leave(exchange, page);
	enter(exchange, page, note);
}

static void exchange_page_in(void *self, struct policy_page *page)
{
	struct exchange *exchange = self;
	uint32_t distance = ghosts_recall(&exchange->ghosts, page->identity, page_count(exchange));
	if (distance)
		distance += exchange->counts[FRESH] + exchange->counts[TRIAL] + 1;
	enter(exchange, page, FRESH + distance * NOTE_DISTANCE);
}

static void exchange_page_out(void *self, struct policy_page *page)
{
	struct exchange *exchange = self;
	if (page->note & NOTE_NAMED)
		ghosts_remember(&exchange->ghosts, page->identity);
	leave(exchange, page);
	exchange->in_vain = 0;
}

/* One step of the main queue's hand. */
static struct policy_page *main_step(struct exchange *exchange)
{
	struct policy_page *page = policy_rotate(&exchange->queues[MAIN]);
	page->note = MAIN;
	if (policy_evictable(page) && !policy_referenced(page)) {
		exchange->in_vain++;
		return page;
	}
	exchange->fruitless++;
	return NULL;
}

/* A page of the main queue that was not used for longer than this distance, if the hand finds it. */
static struct policy_page *idle_for(struct exchange *exchange, uint32_t distance)
{
	uint32_t owed = 16 * exchange->counts[MAIN] / (PATIENCE * distance);
	exchange->looks += owed < 16 * LOOKS_MOST ? owed : 16 * LOOKS_MOST;
	struct policy_page *page = NULL;
	for (; exchange->looks >= 16 && !page; exchange->looks -= 16)
		page = main_step(exchange);
	return page;
}

static void grow(struct exchange *exchange)
{
	if (exchange->grown < page_count(exchange) / 2)
		exchange->grown += GROWS;
}

/* The end of a trial. Whoever reaches it goes to the main queue: if it is named and yet not evicted,
 * it is in use. */
static struct policy_page *judge(struct exchange *exchange, struct policy_page *page)
{
	uint32_t distance = page->note / NOTE_DISTANCE;
	struct policy_page *other = NULL;
	move(exchange, page, MAIN);
	if (!policy_evictable(page))
		return NULL;
	if (policy_referenced(page)) {
		grow(exchange);
		return NULL;
	}
	if (distance)
		other = idle_for(exchange, distance);
	if (other)
		return other;
	exchange->grown -= exchange->grown > 0;
	page->note |= NOTE_NAMED;
	return page;
}

/* One step of the small queue: the victim, or NULL if a page only moved on. */
static struct policy_page *small_step(struct exchange *exchange)
{
	if (exchange->counts[FRESH] <= exchange->counts[TRIAL])
		return judge(exchange, policy_page_of(list_first(&exchange->queues[TRIAL])));
	struct policy_page *page = policy_page_of(list_first(&exchange->queues[FRESH]));
	policy_referenced(page);
	move(exchange, page, page->note + TRIAL - FRESH);
	return NULL;
}

/* The oldest page of the small queue goes to the main one unasked. */
static void settle(struct exchange *exchange)
{
	struct list *queue = &exchange->queues[exchange->counts[TRIAL] ? TRIAL : FRESH];
	move(exchange, policy_page_of(list_first(queue)), MAIN);
}

/* The small queue gives a page, if it has its share. The main one does, if it has more than is left
 * by that; but not if its pages were all named and would not go, or its hand went round twice and
 * found none. */
static struct policy_page *exchange_step(void *self)
{
	struct exchange *exchange = self;
	uint32_t main = exchange->counts[MAIN], small = page_count(exchange) - main;
	uint32_t share = (small + main) / SMALL_SHARE + SMALL_LEAST + exchange->grown;
	bool main_may = main && exchange->in_vain <= main && exchange->fruitless < 2 * main;
	struct policy_page *page = NULL;
	if (small > share)
		settle(exchange);
	else if (small && (small == share || !main_may))
		page = small_step(exchange);
	else
		page = main_step(exchange);
	if (page)
		exchange->fruitless = 0;
	return page;
}

const struct policy policy_exchange = {
	.name = "exchange",
	.self_bytes = sizeof(struct exchange),
	.table_bytes = sizeof(struct ghost),
	.start = exchange_start,
	.page_in = exchange_page_in,
	.page_out = exchange_page_out,
	.step = exchange_step,
};
