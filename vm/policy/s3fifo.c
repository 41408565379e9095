/* SPDX-License-Identifier: MIT */
/*
 * S3-FIFO, with reference bits: most pages that come are not used again before they would be
 * evicted (a file read once, a large array passed over). They should not push out those that
 * are. So a new page has to prove itself in a small queue; only from there, used again, does
 * it come to the main one, which is a clock. Who fails leaves a ghost: an entry in a table that
 * says that it was here. A page that comes back while its ghost remembers it goes to the main
 * queue at once: its references are just farther apart.
 *
 *              new                        referenced
 *        in -----> [ fresh | on trial ] ------------> [ main: a clock ] --> out
 *         |               |  a third of the pages       ^
 *         |               v not referenced              |
 *         |              out --> (ghosts)               |
 *         +------- remembered by a ghost ---------------+
 *
 * A page arrives with its reference bit set, and a program seldom touches a page just once:
 * it reads on. What counts is whether it comes back. So the small queue has two halves: from
 * fresh to trial the bit is cleared, and at the end of the trial it speaks.
 *
 * The small queue is a tenth in the paper, which is about caches of objects, keys and blocks,
 * most of which are asked for once. A program's pages are nearly all used again, and when it
 * turns to other data, each of them comes twice: a third costs little where files are scanned,
 * and less where a program moves on (docs/policy.md).
 *
 * A ghost (ghosts.h) no longer counts when as many others came after it as there are pages.
 * Sources: J. Yang, Y. Zhang, Z. Qiu, Y. Yue and R. Vinayak, "FIFO Queues are All You Need for
 * Cache Eviction", SOSP 2023; the two halves after T. Johnson and D. Shasha, "2Q: A Low
 * Overhead High Performance Buffer Management Replacement Algorithm", VLDB 1994.
 */
#include "vm/policy.h"
#include "vm/policy/ghosts.h"

#define SMALL_SHARE 3 /* the small queue has one page in so many */

enum place { FRESH, TRIAL, MAIN, PLACES };

/* The note: a place, and whether the page was named from the small queue, and not met since. */
#define NOTE_PLACE 3u
#define NOTE_NAMED 4u

struct s3fifo {
	struct list queues[PLACES];
	uint32_t counts[PLACES];
	struct ghosts ghosts;
	uint32_t in_vain; /* pages of the main queue named since a page left */
	uint32_t fruitless; /* steps of its hand since a page was named */
};

static void s3fifo_start(void *self, void *table, uint32_t frames)
{
	struct s3fifo *s3fifo = self;
	*s3fifo = (struct s3fifo){0};
	ghosts_start(&s3fifo->ghosts, table, frames);
	for (unsigned i = 0; i < PLACES; i++)
		list_init(&s3fifo->queues[i]);
}

static uint32_t page_count(const struct s3fifo *s3fifo)
{
	return s3fifo->counts[FRESH] + s3fifo->counts[TRIAL] + s3fifo->counts[MAIN];
}

static void enter(struct s3fifo *s3fifo, struct policy_page *page, enum place place)
{
	page->note = place;
	list_append(&s3fifo->queues[place], &page->link);
	s3fifo->counts[place]++;
}

static void leave(struct s3fifo *s3fifo, struct policy_page *page)
{
	s3fifo->counts[page->note & NOTE_PLACE]--;
	list_remove(&page->link);
}

static void move(struct s3fifo *s3fifo, struct policy_page *page, enum place place)
{
	leave(s3fifo, page);
	enter(s3fifo, page, place);
}

static void s3fifo_page_in(void *self, struct policy_page *page)
{
	struct s3fifo *s3fifo = self;
	bool recent = ghosts_recall(&s3fifo->ghosts, page->identity, page_count(s3fifo));
	enter(s3fifo, page, recent ? MAIN : FRESH);
}

/* A function of its own: most pages that leave were not named, and do without its registers. */
static __attribute__((noinline)) void remember(struct s3fifo *s3fifo, uint32_t identity)
{
	ghosts_remember(&s3fifo->ghosts, identity);
}

static void s3fifo_page_out(void *self, struct policy_page *page)
{
	struct s3fifo *s3fifo = self;
	leave(s3fifo, page);
	s3fifo->in_vain = 0;
	if (page->note & NOTE_NAMED)
		remember(s3fifo, page->identity);
}

/* One step of the small queue: the victim, or NULL if a page only moved on. Whoever reaches the
 * end goes to the main queue: if it is named and yet not evicted, it is in use. */
static struct policy_page *small_step(struct s3fifo *s3fifo)
{
	if (s3fifo->counts[FRESH] > s3fifo->counts[TRIAL]) {
		struct policy_page *page = policy_page_of(list_first(&s3fifo->queues[FRESH]));
		policy_referenced(page);
		move(s3fifo, page, TRIAL);
		return NULL;
	}
	struct policy_page *page = policy_page_of(list_first(&s3fifo->queues[TRIAL]));
	move(s3fifo, page, MAIN);
	if (!policy_evictable(page) || policy_referenced(page))
		return NULL;
	page->note |= NOTE_NAMED;
	return page;
}

/* One step of the main queue's hand. */
static struct policy_page *main_step(struct s3fifo *s3fifo)
{
	struct policy_page *page = policy_rotate(&s3fifo->queues[MAIN]);
	page->note = MAIN;
	if (policy_evictable(page) && !policy_referenced(page)) {
		s3fifo->in_vain++;
		return page;
	}
	s3fifo->fruitless++;
	return NULL;
}

/* The small queue gives a page if it has more than its share; or if the main one's pages were
 * all named and would not go, or its hand went round twice and found none. */
static struct policy_page *s3fifo_step(void *self)
{
	struct s3fifo *s3fifo = self;
	uint32_t main = s3fifo->counts[MAIN], small = page_count(s3fifo) - main;
	uint32_t share = (small + main) / SMALL_SHARE;
	bool main_may = main && s3fifo->in_vain <= main && s3fifo->fruitless < 2 * main;
	struct policy_page *page = small && (small > share || !main_may) ? small_step(s3fifo)
	                                                                 : main_step(s3fifo);
	if (page)
		s3fifo->fruitless = 0;
	return page;
}

const struct policy policy_s3fifo = {
	.name = "s3fifo",
	.self_bytes = sizeof(struct s3fifo),
	.table_bytes = sizeof(struct ghost),
	.start = s3fifo_start,
	.page_in = s3fifo_page_in,
	.page_out = s3fifo_page_out,
	.step = s3fifo_step,
	.at_limit = &policy_exchange,
};
