/* SPDX-License-Identifier: MIT */
/*
 * Random: any page, each as likely as the others. It needs no reference bits and has no bad
 * case that a program could hit by its order of references: in a loop a little larger than
 * memory, where FIFO and LRU miss every time, it keeps most of the loop.
 *
 *        table:  [ page | page | page | ... | page |      ]    note: where in the table
 *                            ^ a random place             ^ pages
 *
 * The table is kept shuffled: a page that comes changes places with a random one, and one that
 * leaves is replaced by the last. So if the page at the random place cannot go, the next that can
 * is as random. The numbers are xorshift's, from a fixed seed, so that a run can be repeated.
 * Sources: L. A. Belady, "A Study of Replacement Algorithms for a Virtual-Storage Computer",
 * IBM Systems Journal 5(2), 1966; G. Marsaglia, "Xorshift RNGs", 2003.
 */
#include "vm/policy.h"

#define SEED 2463534242u

static struct list resident = LIST_INIT(resident); /* marks the pages that are here */
static struct policy_page **table;
static uint32_t pages;
static uint32_t state;
static uint32_t place;  /* looked at last */
static bool searching;  /* the page there could not go */

static void random_start(void *memory, uint32_t frames)
{
	(void)frames;
	table = memory;
	pages = 0;
	state = SEED;
	searching = false;
}

static uint32_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void put(struct policy_page *page, uint32_t where)
{
	table[where] = page;
	page->note = where;
}

static void random_page_in(struct policy_page *page)
{
	list_append(&resident, &page->link);
	uint32_t where = next_random() % (pages + 1);
	if (where < pages)
		put(table[where], pages);
	put(page, where);
	pages++;
}

static void random_page_out(struct policy_page *page)
{
	put(table[--pages], page->note);
	list_remove(&page->link);
}

/* At a random place; if that page cannot go, at the next one. */
static struct policy_page *random_step(void)
{
	place = searching ? place + 1 : next_random();
	place %= pages;
	searching = !policy_evictable(table[place]);
	return searching ? NULL : table[place];
}

const struct policy policy_random = {
	.name = "random",
	.table_bytes = sizeof(struct policy_page *),
	.start = random_start,
	.page_in = random_page_in,
	.page_out = random_page_out,
	.step = random_step,
};
