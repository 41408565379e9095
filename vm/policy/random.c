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

struct random {
	struct list resident; /* marks the pages that are here */
	struct policy_page **table;
	uint32_t pages;
	uint32_t state;
	uint32_t place;  /* looked at last */
	bool searching;  /* the page there could not go */
};

static void random_start(void *self, void *table, uint32_t frames)
{
	struct random *random = self;
	(void)frames;
	*random = (struct random){.table = table, .state = SEED};
	list_init(&random->resident);
}

static uint32_t next_random(struct random *random)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 17;
	random->state ^= random->state << 5;
	return random->state;
}

static void put(struct random *random, struct policy_page *page, uint32_t where)
{
	random->table[where] = page;
	page->note = where;
}

static void random_page_in(void *self, struct policy_page *page)
{
	struct random *random = self;
	list_append(&random->resident, &page->link);
	uint32_t where = next_random(random) % (random->pages + 1);
	if (where < random->pages)
		put(random, random->table[where], random->pages);
	put(random, page, where);
	random->pages++;
}

static void random_page_out(void *self, struct policy_page *page)
{
	struct random *random = self;
	put(random, random->table[--random->pages], page->note);
	list_remove(&page->link);
}

/* At a random place; if that page cannot go, at the next one. */
static struct policy_page *random_step(void *self)
{
	struct random *random = self;
	random->place = random->searching ? random->place + 1 : next_random(random);
	random->place %= random->pages;
	struct policy_page *page = random->table[random->place];
	random->searching = !policy_evictable(page);
	return random->searching ? NULL : page;
}

const struct policy policy_random = {
	.name = "random",
	.self_bytes = sizeof(struct random),
	.table_bytes = sizeof(struct policy_page *),
	.start = random_start,
	.page_in = random_page_in,
	.page_out = random_page_out,
	.step = random_step,
};
