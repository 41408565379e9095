/* SPDX-License-Identifier: MIT */
/* host-test: vm/area.c vm/truncate.c lib/tree.c tests/host/standin/kernel.c */
/* host-cflags: -m32 */
/*
 * The tree of areas against an array with one record a page: random mapping, unmapping,
 * change of rights, growing and shrinking, and after each step the gap search. And every history
 * of three such steps in a world of five pages; of as many as AREA_STEPS in the environment says.
 */
#include "vm/area.h"

#include <asm/errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "tests/host/standin/kernel.h"
#include "tests/host/tap.h"
#include "vm/commit.h"
#include "vm/page.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/truncate.h"

#define WORLD 1200u /* pages that the test uses, from USER_START on */
#define STEPS 30000
#define FEW_PAGES 5u   /* of those, when every history is tried */
#define FEW_STEPS 3

struct promise {
	bool there;
	uint32_t flags;
	struct page_source *source;
	uint32_t source_page;
};

static struct promise model[WORLD];
static uint32_t world = WORLD;
static struct spt spt;
static struct areas *const areas = &spt.areas;
static int source_references[2];
static struct page_source sources[2];

/* The kernel's auditor adds these up. */
void commit_add(int32_t pages)
{
	(void)pages;
}

static struct backing backings[2];

static void backing_get(struct backing *backing)
{
	source_references[backing - backings]++;
}

static void backing_put(struct backing *backing)
{
	source_references[backing - backings]--;
}

static const struct page_source_ops source_ops;
static const struct backing_ops backing_ops = {.get = backing_get, .put = backing_put};

static int space_references = 1;

bool spt_try_get(struct spt *space)
{
	(void)space;
	return space_references++ > 0;
}

void spt_put(struct spt *space)
{
	(void)space;
	space_references--;
}

static uint32_t parted; /* ranges, of which pages were about to be dropped */

int spt_part(struct spt *space, uintptr_t start, uintptr_t end)
{
	(void)start;
	(void)end;
	parted++;
	ASSERT(mutex_held(&space->lock));
	return 0;
}

static bool dropped[WORLD];

void spt_drop_pages(struct spt *space, uintptr_t start, uintptr_t end)
{
	ASSERT(mutex_held(&space->lock));
	for (uintptr_t address = start; address < end; address += PAGE_SIZE)
		dropped[(address - USER_START) / PAGE_SIZE] = true;
}

static struct area *first_area(void)
{
	struct tree_node *first = tree_first(&areas->tree);
	return first ? TREE_ENTRY(first, struct area, node) : NULL;
}

static struct area *area_at(uintptr_t address)
{
	struct tree_node *node = tree_floor(&areas->tree, address);
	struct area *area = node ? TREE_ENTRY(node, struct area, node) : NULL;
	return area && area->end > address ? area : NULL;
}

static uintptr_t address_of(uint32_t page)
{
	return USER_START + page * PAGE_SIZE;
}

static uint32_t page_of(uintptr_t address)
{
	return (address - USER_START) / PAGE_SIZE;
}

/* --- the operations, on the tree and on the model ------------------------------------- */

static void split_at(uint32_t page)
{
	struct area *area = area_at(address_of(page));
	if (area && area_start(area) != address_of(page) &&
	    area_split(areas, area, address_of(page)) != 0)
		abort();
}

static void unmap(uint32_t page, uint32_t end)
{
	split_at(page);
	split_at(end);
	for (uint32_t i = page; i < end; i++) {
		struct area *area = area_at(address_of(i));
		model[i].there = false;
		if (area) {
			area_remove(areas, area);
			area_free(area);
		}
	}
}

static void map(uint32_t page, uint32_t end, uint32_t flags, struct page_source *source,
                uint32_t source_page)
{
	unmap(page, end);
	struct backing *backing = source ? &backings[source - sources] : NULL;
	struct area *area = area_create(address_of(page), address_of(end), flags, backing,
	                                source_page, UINTPTR_MAX);
	area_insert(areas, area);
	area_merge(areas, area);
	for (uint32_t i = page; i < end; i++)
		model[i] = (struct promise){true, flags, source, source_page + i - page};
}

static void protect(uint32_t page, uint32_t end, uint32_t flags)
{
	split_at(page);
	split_at(end);
	for (uint32_t i = page; i < end; i++) {
		struct area *area = area_at(address_of(i));
		if (!area)
			continue;
		area->flags = flags;
		model[i].flags = flags;
	}
	for (uint32_t i = page; i < end; i++)
		if (area_at(address_of(i)))
			area_merge(areas, area_at(address_of(i)));
}

/* Moves the end or the start of the area at the page by a few pages, as room allows. */
static void resize(uint32_t page, bool at_end, int change)
{
	struct area *area = area_at(address_of(page));
	if (!area)
		return;
	uint32_t start = page_of(area_start(area)), end = page_of(area->end);
	uint32_t edge = (at_end ? end : start) + change;
	if (edge >= world || (at_end ? edge <= start : edge >= end))
		return;
	for (uint32_t i = at_end ? end : edge; i < (at_end ? edge : start); i++)
		if (model[i].there)
			return;
	struct promise promise = model[start];
	for (uint32_t i = 0; i < world; i++) {
		bool inside = i >= (at_end ? start : edge) && i < (at_end ? edge : end);
		bool before = i >= start && i < end;
		if (inside)
			model[i] = (struct promise){true, promise.flags, promise.source,
			                            promise.source_page + i - start};
		else if (before)
			model[i].there = false;
	}
	if (at_end)
		area_set_end(areas, area, address_of(edge));
	else
		area_set_start(areas, area, address_of(edge));
	area_merge(areas, area);
}

/* --- comparisons --------------------------------------------------------------------- */

static bool pages_agree(const struct area *area)
{
	for (uintptr_t a = area_start(area); a < area->end; a += PAGE_SIZE) {
		const struct promise *promise = &model[page_of(a)];
		if (!promise->there || promise->flags != area->flags ||
		    promise->source != area->source)
			return false;
		if (area->source && promise->source_page != area_source_page(area, a))
			return false;
	}
	return true;
}

static bool could_join(const struct area *a, const struct area *b)
{
	return a->end == area_start(b) && a->flags == b->flags && a->source == b->source &&
	       (!a->source || area_source_page(a, a->end) == b->first_page);
}

static bool areas_agree(void)
{
	uint32_t promised = 0, pages = 0, count = 0;
	uintptr_t below = 0;
	for (uint32_t i = 0; i < world; i++)
		promised += model[i].there;
	for (struct area *area = first_area(); area; area = area_next(area)) {
		struct area *next = area_next(area);
		if (!pages_agree(area) || area->gap_before != area_start(area) - below)
			return false;
		if (next && could_join(area, next))
			return false;
		below = area->end;
		pages += (area->end - area_start(area)) / PAGE_SIZE;
		count++;
	}
	return promised == pages && pages == areas->pages && count == areas->count &&
	       count == area_objects();
}

static bool references_agree(void)
{
	int count[2] = {0, 0};
	for (struct area *area = first_area(); area; area = area_next(area))
		if (area->source)
			count[area->source - sources]++;
	return count[0] == source_references[0] && count[1] == source_references[1];
}

/* The highest place, looked for page by page from above. A page is of no use if it is taken,
 * or lies in the guard gap of a stack directly above. */
static uintptr_t naive_gap(uint32_t pages, uint32_t limit)
{
	uint32_t run = 0, guard = 0;
	for (uint32_t page = world; page-- > 0;) {
		if (model[page].there) {
			guard = model[page].flags & AREA_GROWS_DOWN
			                ? STACK_GUARD_GAP / PAGE_SIZE : 0;
			run = 0;
		} else if (guard > 0) {
			guard--;
		} else if (page < limit && ++run == pages) {
			return address_of(page);
		}
	}
	return 0;
}

static uint32_t random_flags(void)
{
	if (rand() % 100 == 0)
		return AREA_READ | AREA_WRITE | AREA_GROWS_DOWN;
	return rand() % 2 ? AREA_READ : AREA_READ | AREA_WRITE;
}

/* A space is forked, and ends; and so is its child, the first one's successor. */
static void fork_there_and_back(void)
{
	struct areas child;
	areas_init(&child, NULL);
	if (areas_fork(&child, areas) != 0)
		abort();
	while (area_first(areas))
		area_end_first(areas);
	ASSERT(areas->pages == 0 && areas->count == 0);
	if (areas_fork(areas, &child) != 0)
		abort();
	while (area_first(&child))
		area_end_first(&child);
}

static void random_step(void)
{
	uint32_t page = rand() % WORLD;
	uint32_t end = page + 1 + rand() % 60;
	if (end > WORLD)
		end = WORLD;
	switch (rand() % 8) {
	case 0: case 1:
		map(page, end, random_flags(), NULL, 0);
		break;
	case 2: /* pages of a source at their natural place, so that neighbours can join */
		map(page, end, random_flags(), &sources[rand() % 2], page);
		break;
	case 3: case 4: case 5:
		unmap(page, end);
		break;
	case 6:
		protect(page, end, random_flags());
		break;
	case 7:
		resize(page, rand() % 2, rand() % 20 - 10);
		break;
	}
}

static void check_random(void)
{
	bool same = true, counted = true, found = true;
	srand(1);
	for (int step = 0; step < STEPS && same && counted && found; step++) {
		random_step();
		if (step % 64 == 0)
			fork_there_and_back();
		same = areas_agree();
		counted = references_agree();
		uint32_t pages = 1 + rand() % 200, limit = rand() % (WORLD + 1);
		found = area_find_gap(areas, pages * PAGE_SIZE, address_of(limit)) ==
		        naive_gap(pages, limit);
	}
	check_that(same, "30000 random steps: the areas say what an array of pages says");
	check_that(counted, "each area holds one reference on its source");
	check_that(found, "the gap found is the highest there is");
	unmap(0, WORLD);
	check_that(standin_objects == 0 && areas->pages == 0, "nothing is left behind");
}

static void check_no_memory(void)
{
	map(10, 20, AREA_READ, &sources[0], 10);
	standin_allocations_left = 0;
	int error = area_split(areas, area_at(address_of(15)), address_of(15));
	standin_allocations_left = -1;
	check_that(error == -ENOMEM && areas_agree() && references_agree(),
	           "a split without memory changes nothing");
	map(30, 40, AREA_READ, &sources[0], 10);
	map(50, 60, AREA_READ, &sources[1], 10);
	struct areas child;
	areas_init(&child, NULL);
	standin_allocations_left = 2;
	error = areas_fork(&child, areas);
	standin_allocations_left = -1;
	check_that(error == -ENOMEM && child.count == 2 && area_first(&child) &&
	           area_start(area_first(&child)) == address_of(10),
	           "a fork without memory has the first areas, in order");
	while (area_first(&child))
		area_end_first(&child);
	check_that(areas_agree() && references_agree(), "and gives them back");
	unmap(0, WORLD);
}

/* A file that becomes shorter: only what lies behind its new end goes, and only where it is
 * mapped privately. */
static void check_truncation(void)
{
	bool right = true;
	map(100, 200, AREA_READ, &sources[0], 100);
	map(300, 400, AREA_READ | AREA_SHARED, &sources[0], 100);
	map(500, 600, AREA_READ, &sources[1], 100);
	map(700, 750, AREA_READ, &sources[0], 160);
	protect(120, 130, AREA_READ | AREA_WRITE);
	truncate_copies(&sources[0], 125);
	for (uint32_t page = 0; page < WORLD; page++)
		right = right && dropped[page] == ((page >= 125 && page < 200) ||
		                                   (page >= 700 && page < 750));
	check_that(right, "truncation takes the private copies behind the new end, no others");
	check_that(space_references == 1, "and holds the address space only meanwhile");
	unmap(0, WORLD);
}

static void drop_behind(uint32_t first)
{
	memset(dropped, 0, sizeof(dropped));
	parted = 0;
	truncate_copies(&sources[0], first);
}

/* Areas that were made of others, cut off or moved, are visited like these, and none twice. */
static void check_truncation_once(void)
{
	map(0, 1000, AREA_READ, &sources[0], 0);
	for (uint32_t page = 0; page < 1000; page += 2)
		protect(page, page + 1, AREA_READ | AREA_WRITE);
	drop_behind(0);
	check_that(areas->count == 1000 && parted == 1000,
	           "truncation goes once by each of 1,000 areas");

	/* As if the next truncation had begun, and not yet come here. */
	sources[0].truncations++;
	struct area *area = area_at(address_of(10));
	struct area *like = area_create_like(area, area_start(area), address_of(1100),
	                                     address_of(1101));
	CHECK(like);
	area_insert(areas, like);
	struct area *new = area_create(address_of(1150), address_of(1151), AREA_READ, &backings[0],
	                               10, UINTPTR_MAX);
	CHECK(new);
	area_insert(areas, new);
	sources[0].truncations--;
	drop_behind(0);
	check_that(parted == 1001 && dropped[1100] && !dropped[1150],
	           "one that is made like another has its copies, a new one none");
	unmap(0, WORLD);
}

/* Sizes whose differences do not fit into 31 bits. */
static void check_large(void)
{
	uintptr_t middle = USER_START + PAGE_SIZE;
	struct area *low = area_create(USER_START, middle, AREA_READ, NULL, 0, UINTPTR_MAX);
	struct area *high = area_create(middle, USER_END, AREA_READ, NULL, 0, UINTPTR_MAX);
	uint32_t all = (USER_END - USER_START) / PAGE_SIZE;
	area_insert(areas, low);
	area_insert(areas, high);
	area_merge(areas, low);
	check_that(areas->count == 1 && areas->pages == all,
	           "joining an area of almost 3 GiB counts its pages");
	CHECK(area_split(areas, low, middle) == 0);
	check_that(areas->count == 2 && areas->pages == all, "and so does cutting it off");
	CHECK(area_find_gap(areas, PAGE_SIZE, USER_END) == 0);
	high = area_next(low);
	area_set_start(areas, high, USER_END - PAGE_SIZE);
	check_that(areas->pages == 2, "an area that shrinks from below gives up its pages");
	CHECK(area_find_gap(areas, USER_END - PAGE_SIZE - middle, USER_END) == middle);
	CHECK(area_find_gap(areas, USER_END - middle, USER_END) == 0);
	area_remove(areas, low);
	area_free(low);
	area_remove(areas, high);
	area_free(high);
	CHECK(areas->pages == 0 && standin_objects == 0);
}

/* ---- every history ------------------------------------------------------------------ */

struct step {
	enum { MAP, MAP_WRITABLE, MAP_FILE, UNMAP, PROTECT, PROTECT_WRITABLE, LONGER, SHORTER,
	       KINDS } kind;
	uint32_t page, end;
};

static struct step all_steps[KINDS * FEW_PAGES * FEW_PAGES];
static uint32_t step_count;

static void list_steps(void)
{
	for (uint32_t kind = 0; kind < KINDS; kind++)
		for (uint32_t page = 0; page < FEW_PAGES; page++)
			for (uint32_t end = page + 1; end <= FEW_PAGES; end++)
				if (kind < LONGER || end == page + 1) /* one page, at its end */
					all_steps[step_count++] = (struct step){kind, page, end};
}

static void take_step(const struct step *step)
{
	uint32_t page = step->page, end = step->end;
	switch (step->kind) {
	case MAP:
		map(page, end, AREA_READ, NULL, 0);
		break;
	case MAP_WRITABLE:
		map(page, end, AREA_READ | AREA_WRITE, NULL, 0);
		break;
	case MAP_FILE:
		map(page, end, AREA_READ, &sources[0], page);
		break;
	case UNMAP:
		unmap(page, end);
		break;
	case PROTECT:
		protect(page, end, AREA_READ);
		break;
	case PROTECT_WRITABLE:
		protect(page, end, AREA_READ | AREA_WRITE);
		break;
	case LONGER:
		resize(page, true, 1);
		break;
	case SHORTER:
		resize(page, true, -1);
		break;
	case KINDS:
		abort();
	}
}

static bool all_agrees(void)
{
	if (!areas_agree() || !references_agree())
		return false;
	for (uint32_t pages = 1; pages <= FEW_PAGES; pages++)
		if (area_find_gap(areas, pages * PAGE_SIZE, address_of(world)) !=
		    naive_gap(pages, world))
			return false;
	return true;
}

/* The next history in the order of numbers whose digits are steps; false after the last. */
static bool next_history(uint32_t *history, int steps)
{
	while (steps > 0 && ++history[steps - 1] == step_count)
		history[--steps] = 0;
	return steps > 0;
}

static void check_every_history(int steps)
{
	uint32_t history[8] = {0}, tried = 0;
	bool good = true;
	char words[100];
	world = FEW_PAGES;
	list_steps();
	do {
		unmap(0, world);
		for (int i = 0; i < steps; i++)
			take_step(&all_steps[history[i]]);
		tried++;
		good = all_agrees();
		for (int i = 0; !good && i < steps; i++)
			printf("# kind %d, pages %u to %u\n", all_steps[history[i]].kind,
			       all_steps[history[i]].page, all_steps[history[i]].end);
	} while (good && next_history(history, steps));
	unmap(0, world);
	snprintf(words, sizeof(words), "%u histories of %d steps on %u pages", tried, steps, world);
	check_that(good && standin_objects == 0, words);
	world = WORLD;
}

int main(void)
{
	areas_init(areas, NULL);
	for (int i = 0; i < 2; i++) {
		sources[i].ops = &source_ops;
		backings[i] = (struct backing){&backing_ops, &sources[i]};
		list_init(&sources[i].areas);
	}
	check_random();
	check_no_memory();
	check_truncation();
	check_truncation_once();
	check_large();
	const char *steps = getenv("AREA_STEPS");
	check_every_history(steps ? atoi(steps) : FEW_STEPS);
	return tap_done();
}
