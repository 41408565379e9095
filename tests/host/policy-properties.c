/* SPDX-License-Identifier: MIT */
/* host-test: vm/policies.c vm/policy/aging.c vm/policy/clock.c vm/policy/fifo.c */
/* host-test: vm/policy/exchange.c vm/policy/random.c vm/policy/s3fifo.c */
/*
 * What holds for every replacement policy, through random sequences of pages that come, go, are
 * referenced, get pinned and are chosen:
 *
 *   - a victim is resident and evictable; there is one exactly if some page is evictable
 *   - choose looks at each page a bounded number of times, and ends when nothing can go
 *   - any page may leave at any time; a page is in a queue exactly while it is resident
 *   - every page is named sooner or later, also if those named stay
 *   - what it knows of some pages is nothing to do with others that it has by another self; so
 *     under a limit on one program the default is as good as the best, or nearly, whatever others
 *     hold, whatever the limit is, and for several kinds of load
 *   - start forgets: a second run of the same sequence names the same victims
 */
#include <stdlib.h>
#include <string.h>

#include "tests/host/tap.h"
#include "vm/policy.h"

#define PAGES 300 /* identities */
#define STEPS 30000

struct page {
	struct policy_page policy;
	bool resident, referenced, pinned;
};

static struct page pages[PAGES];
static uint32_t resident, looks;
static uint32_t random_state;
static void *self; /* of the policy under test */

static uint32_t next_random(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)random_state * below) >> 32);
}

static struct page *page_of(struct policy_page *page)
{
	return LIST_ENTRY(page, struct page, policy);
}

bool policy_referenced(struct policy_page *page)
{
	bool referenced = page_of(page)->referenced;
	looks++;
	page_of(page)->referenced = false;
	return referenced;
}

bool policy_evictable(struct policy_page *page)
{
	looks++;
	return !page_of(page)->pinned;
}

static void bring_in(const struct policy *policy, struct page *page)
{
	page->resident = true;
	page->policy.identity = page - pages;
	resident++;
	policy->page_in(self, &page->policy);
	page->referenced = next_random(8) != 0;
}

static void take_out(const struct policy *policy, struct page *page)
{
	policy->page_out(self, &page->policy);
	page->resident = false;
	page->pinned = false;
	resident--;
}

static void take_all_out(const struct policy *policy)
{
	for (uint32_t i = 0; i < PAGES; i++)
		if (pages[i].resident)
			take_out(policy, &pages[i]);
}

/* With memory of its exact size, so that the sanitizer sees each access past it. */
static void *begin(const struct policy *policy, uint32_t frames)
{
	void *table = malloc(policy->table_bytes ? policy->table_bytes * frames : 1);
	if (policy->table_bytes)
		memset(table, 0xcc, policy->table_bytes * frames);
	memset(pages, 0, sizeof(pages));
	for (uint32_t i = 0; i < PAGES; i++) {
		list_link_init(&pages[i].policy.link);
		pages[i].policy.note = 0xcccccccc;
	}
	resident = 0;
	self = malloc(policy->self_bytes);
	memset(self, 0xcc, policy->self_bytes);
	policy->start(self, table, frames);
	return table;
}

static bool any_evictable(void)
{
	for (uint32_t i = 0; i < PAGES; i++)
		if (pages[i].resident && !pages[i].pinned)
			return true;
	return false;
}

/* Chooses, and checks all that must be true of the answer. */
static bool choose(const struct policy *policy, struct page **victim)
{
	looks = 0;
	struct policy_page *chosen = policy_choose(policy, self, resident);
	*victim = chosen ? page_of(chosen) : NULL;
	if (looks > 8 * resident)
		return false;
	if (!chosen)
		return !any_evictable();
	return (*victim)->resident && !(*victim)->pinned && list_linked(&chosen->link);
}

static bool queued_exactly_if_resident(void)
{
	for (uint32_t i = 0; i < PAGES; i++)
		if (list_linked(&pages[i].policy.link) != pages[i].resident)
			return false;
	return true;
}

/* One random step in a memory of `frames`. Adds what was chosen to *digest. */
static bool step(const struct policy *policy, uint32_t frames, uint32_t *digest)
{
	struct page *page = &pages[next_random(PAGES)], *victim;
	uint32_t kind = next_random(100);

	if (kind < 2 && page->resident) {
		take_out(policy, page);
	} else if (kind < 4 && page->resident) {
		page->pinned = !page->pinned;
	} else if (kind < 10 && policy->tick) {
		policy->tick(self);
	} else if (kind < 13) {
		/* Named, but not evicted. */
		if (!choose(policy, &victim))
			return false;
	} else if (page->resident) {
		page->referenced = true;
	} else {
		if (resident == frames) {
			if (!choose(policy, &victim))
				return false;
			if (!victim)
				return true;
			*digest = *digest * 31 + (victim - pages);
			take_out(policy, victim);
		}
		bring_in(policy, page);
	}
	return true;
}

static bool random_run(const struct policy *policy, uint32_t frames, uint32_t seed,
                       uint32_t *digest)
{
	void *table = begin(policy, frames);
	bool right = true;
	random_state = seed;
	*digest = 0;
	for (uint32_t i = 0; i < STEPS && right; i++)
		right = step(policy, frames, digest) && (i % 100 || queued_exactly_if_resident());
	take_all_out(policy);
	right = right && !policy_choose(policy, self, resident) && queued_exactly_if_resident();
	free(self);
	free(table);
	return right;
}

static bool random_runs(const struct policy *policy)
{
	static const uint32_t sizes[] = {1, 2, 3, 7, 64, 250, PAGES};
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t first, again;
		if (!random_run(policy, sizes[i], i + 1, &first) ||
		    !random_run(policy, sizes[i], i + 1, &again) || first != again) {
			printf("# %s with %u frames\n", policy->name, sizes[i]);
			return false;
		}
	}
	return true;
}

/* Nothing is evicted, nothing referenced: each page's turn comes. */
static bool names_everyone(const struct policy *policy)
{
	void *table = begin(policy, PAGES);
	bool named[PAGES] = {false};
	uint32_t count = 0;
	for (uint32_t i = 0; i < PAGES; i++)
		bring_in(policy, &pages[i]);
	for (uint32_t i = 0; i < 20 * PAGES; i++) {
		struct page *victim;
		if (!choose(policy, &victim) || !victim)
			break;
		count += !named[victim - pages];
		named[victim - pages] = true;
	}
	take_all_out(policy);
	free(self);
	free(table);
	return count == PAGES;
}

/* What is pinned is never named, and nobody looks for ever. */
static bool pinned_stay(const struct policy *policy)
{
	void *table = begin(policy, PAGES);
	struct page *victim;
	bool right = true;
	for (uint32_t i = 0; i < PAGES; i++) {
		bring_in(policy, &pages[i]);
		pages[i].pinned = true;
	}
	for (uint32_t i = 0; i < 10; i++)
		right = right && choose(policy, &victim) && !victim;
	/* One alone can go, wherever it stands. */
	for (uint32_t i = 0; i < PAGES && right; i++) {
		pages[i].pinned = false;
		pages[i].referenced = i % 2;
		right = choose(policy, &victim) && victim == &pages[i];
		pages[i].pinned = true;
	}
	take_all_out(policy);
	free(self);
	free(table);
	return right;
}

/* Many evictions, each with a full memory: on the average few pages are looked at. */
static bool looks_at_few(const struct policy *policy)
{
	void *table = begin(policy, PAGES / 2);
	uint32_t all_looks = 0, victims = 0;
	random_state = 5;
	for (uint32_t i = 0; i < STEPS; i++) {
		struct page *page = &pages[next_random(PAGES)], *victim;
		page->referenced = page->resident;
		if (page->resident)
			continue;
		if (resident == PAGES / 2) {
			if (!choose(policy, &victim) || !victim)
				break;
			all_looks += looks;
			victims++;
			take_out(policy, victim);
		}
		bring_in(policy, page);
	}
	take_all_out(policy);
	free(self);
	free(table);
	return victims > 1000 && all_looks < 10 * victims;
}

/* ---- a program that may have so many pages, in a policy's queues of its own ---- */

#define LIMIT 64u
#define HOT 24u
#define COLD 160u
#define ALL (HOT + COLD)
#define TURN 100u
#define LEAST 16u

/* Loads: which page reference i is to. */

/* A few pages that are used all the time, many used in turn. */
static uint32_t hot_and_cold(uint32_t i)
{
	return i % 5 ? COLD + (i / 5 * 4 + i % 5 - 1) % HOT : i / 5 % COLD;
}

static uint32_t loop(uint32_t i)
{
	return i % ALL;
}

/* Two halves in turn, each time in another order. */
static uint32_t turns(uint32_t i)
{
	uint32_t turn = i / TURN;
	return turn % 2 * TURN + i % TURN * (2 * (turn % 13) + 3) % TURN;
}

/* Any page, and one of a few as often. */
static uint32_t skewed(uint32_t i)
{
	uint32_t spread = (i + 1) * 2654435761u;
	spread = (spread ^ spread >> 15) * 2246822519u;
	spread = (spread ^ spread >> 13) * 3266489917u;
	return (spread >> 8) % (i % 2 ? HOT : ALL);
}

/* The faults of a load at a limit. */
static uint32_t faults_of(const struct policy *policy, uint32_t (*load)(uint32_t), uint32_t limit)
{
	uint32_t faults = 0;
	for (uint32_t i = 0; i < 4 * 5 * COLD; i++) {
		struct page *page = &pages[load(i)], *victim;
		page->referenced = page->resident;
		if (page->resident)
			continue;
		faults++;
		if (resident == limit && choose(policy, &victim) && victim)
			take_out(policy, victim);
		bring_in(policy, page);
		page->referenced = true;
	}
	return faults;
}

static uint32_t faults_at_limit(const struct policy *policy)
{
	return faults_of(policy, hot_and_cold, LIMIT);
}

/* The policy has other pages as well, by another self: that changes nothing. */
static bool others_do_not_matter(const struct policy *policy)
{
	static struct policy_page others[2 * PAGES];
	void *table = begin(policy, PAGES);
	uint32_t alone = faults_at_limit(policy);
	take_all_out(policy);
	free(self);
	free(table);

	void *theirs = malloc(policy->self_bytes);
	void *their_table = malloc(policy->table_bytes * 2 * PAGES + 1);
	table = begin(policy, PAGES);
	policy->start(theirs, their_table, 2 * PAGES);
	for (uint32_t i = 0; i < 2 * PAGES; i++) {
		others[i].identity = PAGES + i;
		policy->page_in(theirs, &others[i]);
	}
	uint32_t together = faults_at_limit(policy);
	take_all_out(policy);
	for (uint32_t i = 0; i < 2 * PAGES; i++)
		policy->page_out(theirs, &others[i]);
	free(theirs);
	free(their_table);
	free(self);
	free(table);
	printf("# %s: %u faults, %u beside others\n", policy->name, alone, together);
	return alone == together;
}

static uint32_t faults_anew(const struct policy *policy, uint32_t (*load)(uint32_t), uint32_t limit)
{
	void *table = begin(policy, PAGES);
	uint32_t faults = faults_of(policy, load, limit);
	take_all_out(policy);
	free(self);
	free(table);
	return faults;
}

/* Of each load, at each limit; the policy that it names for that. */
static bool near_the_best(const struct policy *policy)
{
	policy = policy->at_limit ? policy->at_limit : policy;
	static uint32_t (*const loads[])(uint32_t) = {hot_and_cold, loop, turns, skewed};
	bool near = true;
	for (unsigned k = 0; k < sizeof(loads) / sizeof(loads[0]); k++)
		for (uint32_t limit = LEAST; limit < ALL; limit += 8) {
			uint32_t best = UINT32_MAX, mine = faults_anew(policy, loads[k], limit);
			for (unsigned i = 0; policies[i]; i++) {
				uint32_t faults = faults_anew(policies[i], loads[k], limit);
				best = faults < best ? faults : best;
			}
			if (10 * mine <= 11 * best)
				continue;
			printf("# load %u at %u: %u faults, %u\n", k, limit, mine, best);
			near = false;
		}
	return near;
}

static void check(const struct policy *policy, bool holds, const char *what)
{
	char text[120];
	snprintf(text, sizeof(text), "%s: %s", policy->name, what);
	check_that(holds, text);
}

int main(void)
{
	for (unsigned i = 0; policies[i]; i++) {
		const struct policy *policy = policies[i];
		check(policy, random_runs(policy), "random sequences, each twice");
		check(policy, names_everyone(policy), "every page is named in the end");
		check(policy, pinned_stay(policy), "none if all are pinned; the one that is not");
		check(policy, looks_at_few(policy), "few looks an eviction");
		check(policy, others_do_not_matter(policy), "what others hold changes nothing");
		check(policy, policy_find(policy->name) == policy, "found by its name");
		check(policy, policy->table_bytes <= policy_table_bytes(), "its table fits");
		check(policy, policy->self_bytes <= POLICY_SELF_MOST, "what it knows fits");
	}
	check(policies[0], near_the_best(policies[0]), "the default: near the best at any limit");
	CHECK(!policy_find("") && !policy_find("clockwork") && !policy_find("cloc"));
	return tap_done();
}
