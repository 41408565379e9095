/* SPDX-License-Identifier: MIT */
/*
 * Areas in their tree, ordered by start address. Each area knows the free room below it,
 * each subtree its largest such gap, so that a place for a new mapping is found on one way
 * down the tree.
 */
#include "vm/area.h"

#include <asm/errno.h>

#include "kernel/mem/layout.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "vm/page.h"
#include "vm/source.h"
#include "vm/spt.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

static struct slab_cache area_cache = SLAB_CACHE("area", sizeof(struct area));

static struct area *area_of(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct area, node) : NULL;
}

/* The tree calls this for a node whose subtree changed. */
bool area_summarise(struct tree_node *node)
{
	struct area *area = area_of(node);
	uint32_t largest = area->gap_before;
	if (node->left && area_of(node->left)->largest_gap > largest)
		largest = area_of(node->left)->largest_gap;
	if (node->right && area_of(node->right)->largest_gap > largest)
		largest = area_of(node->right)->largest_gap;
	bool changed = area->largest_gap != largest;
	area->largest_gap = largest;
	return changed;
}

/* The room below the area, above that neighbour, if there is one. */
static void set_gap(struct area *area, const struct area *below)
{
	area->gap_before = area_start(area) - (below ? below->end : 0);
}

/* The area's start, or its lower neighbour's end, changed. */
static void update_gap(struct spt *spt, struct area *area, const struct area *below)
{
	if (!area)
		return;
	set_gap(area, below);
	tree_update(&spt->areas, &area->node);
}

struct area *area_create(uintptr_t start, uintptr_t end, uint32_t flags,
                         struct page_source *source, uint32_t first_page, uintptr_t file_end)
{
	struct area *area = slab_alloc_zeroed(&area_cache);
	if (!area)
		return NULL;
	area->node.key = start;
	area->end = end;
	area->flags = flags;
	area->source = source;
	area->first_page = first_page;
	area->file_end = file_end;
	if (source)
		source->ops->get(source);
	return area;
}

void area_free(struct area *area)
{
	if (area->source)
		area->source->ops->put(area->source);
	slab_free(&area_cache, area);
}

uint32_t area_objects(void)
{
	return area_cache.objects;
}

static uint32_t pages_of(const struct area *area)
{
	return (area->end - area_start(area)) >> PAGE_SHIFT;
}

static void link_to_source(struct area *area)
{
	if (!area->source)
		return;
	spin_lock(&vm_lock);
	list_append(&area->source->areas, &area->source_link);
	spin_unlock(&vm_lock);
}

static void unlink_from_source(struct area *area)
{
	if (!area->source)
		return;
	spin_lock(&vm_lock);
	list_remove(&area->source_link);
	spin_unlock(&vm_lock);
}

/* Puts the area into the tree. Returns the one above it. */
static struct area *enter(struct spt *spt, struct area *area)
{
	struct tree_place place;
	bool free = tree_find_place(&spt->areas, area_start(area), &place);
	ASSERT_SAYING(free, "two areas start at one address");
	set_gap(area, area_of(place.below));
	tree_insert_at(&spt->areas, &place, &area->node);
	spt->area_pages += pages_of(area);
	spt->area_count++;
	area->spt = spt;
	trace_area_add(spt, area);
	link_to_source(area);
	return area_of(place.above);
}

static void leave(struct spt *spt, struct area *area)
{
	trace_area_remove(spt, area);
	tree_remove(&spt->areas, &area->node);
	spt->area_pages -= pages_of(area);
	spt->area_count--;
	unlink_from_source(area);
	if (spt->last_found == area)
		spt->last_found = NULL;
}

void area_insert(struct spt *spt, struct area *area)
{
	struct area *above = enter(spt, area);
	update_gap(spt, above, area);
}

void area_remove(struct spt *spt, struct area *area)
{
	struct area *above = spt_area_next(area);
	uint32_t room = pages_of(area) * PAGE_SIZE + area->gap_before;
	leave(spt, area);
	if (!above)
		return;
	above->gap_before += room;
	tree_update(&spt->areas, &above->node);
}

void area_set_start(struct spt *spt, struct area *area, uintptr_t start)
{
	/* Page numbers first: a difference of addresses loses its sign when shifted. */
	uint32_t more = page_number(area_start(area)) - page_number(start);
	spt->area_pages += more;
	area->first_page -= more;
	uintptr_t old = area_start(area);
	area->node.key = start;
	trace_area_change(spt, area, old, area->end);
	area->gap_before += start - old;
	tree_update(&spt->areas, &area->node);
}

static void set_end(struct spt *spt, struct area *area, uintptr_t end)
{
	spt->area_pages += page_number(end) - page_number(area->end);
	uintptr_t old = area->end;
	area->end = end;
	trace_area_change(spt, area, area_start(area), old);
}

void area_set_end(struct spt *spt, struct area *area, uintptr_t end)
{
	set_end(spt, area, end);
	update_gap(spt, spt_area_next(area), area);
}

/* The gaps around stay as they are, and between the two there is none. */
int area_split(struct spt *spt, struct area *area, uintptr_t address)
{
	ASSERT(address > area_start(area) && address < area->end);
	if (spt->area_count >= AREA_COUNT_MAX)
		return -ENOMEM;
	struct area *upper = area_create(address, area->end, area->flags, area->source,
	                                 area_source_page(area, address), area->file_end);
	if (!upper)
		return -ENOMEM;
	set_end(spt, area, address);
	enter(spt, upper);
	return 0;
}

static bool could_be_one(const struct area *a, const struct area *b)
{
	return a->end == area_start(b) && a->flags == b->flags && a->source == b->source &&
	       a->file_end == b->file_end &&
	       (!a->source || area_source_page(a, a->end) == b->first_page);
}

/* Joins the area with the next one, if one area could say the same. */
static void merge_with_next(struct spt *spt, struct area *area)
{
	struct area *next = spt_area_next(area);
	if (!next || !could_be_one(area, next))
		return;
	leave(spt, next);
	set_end(spt, area, next->end);
	area_free(next);
}

void area_merge(struct spt *spt, struct area *area)
{
	merge_with_next(spt, area);
	struct area *below = area_of(tree_previous(&area->node));
	if (below)
		merge_with_next(spt, below);
}

/* The highest room of `length` bytes below `limit`, among the gaps of a subtree. Only nodes
 * above the limit can promise a gap that is then of no use, and those are few. */
static uintptr_t gap_in(struct tree_node *node, uint32_t length, uintptr_t limit)
{
	if (!node || area_of(node)->largest_gap < length)
		return 0;
	uintptr_t found = gap_in(node->right, length, limit);
	if (found)
		return found;

	struct area *area = area_of(node);
	uintptr_t bottom = area_start(area) - area->gap_before;
	uintptr_t top = area_start(area);
	if (area->flags & AREA_GROWS_DOWN)
		top = top > STACK_GUARD_GAP ? top - STACK_GUARD_GAP : 0;
	if (bottom < USER_START)
		bottom = USER_START;
	if (top > limit)
		top = limit;
	if (top > bottom && top - bottom >= length)
		return top - length;
	return gap_in(node->left, length, limit);
}

uintptr_t area_find_gap(struct spt *spt, uint32_t length, uintptr_t limit)
{
	struct area *last = area_of(tree_last(&spt->areas));
	uintptr_t bottom = last && last->end > USER_START ? last->end : USER_START;
	if (limit > bottom && limit - bottom >= length)
		return limit - length;
	return gap_in(spt->areas.root, length, limit);
}

/* A space that maps the source privately and that this truncation has not visited yet, with a
 * reference; NULL if there is none left. A space that is ending needs no visit. */
static struct spt *next_space(struct page_source *source, uint32_t truncation)
{
	struct spt *found = NULL;
	spin_lock(&vm_lock);
	LIST_FOR(&source->areas, struct area, area, source_link) {
		if (area->truncation == truncation || area->flags & AREA_SHARED)
			continue;
		area->truncation = truncation;
		if (spt_try_get(area->spt)) {
			found = area->spt;
			break;
		}
	}
	spin_unlock(&vm_lock);
	return found;
}

static void drop_copies(struct spt *spt, struct page_source *source, uint32_t first)
{
	SCOPED_MUTEX(&spt->lock);
	for (struct area *area = spt_area_from(spt, 0); area; area = spt_area_next(area)) {
		if (area->source != source || area->flags & AREA_SHARED)
			continue;
		uint32_t kept = first > area->first_page ? first - area->first_page : 0;
		uintptr_t start = area_start(area) + (kept << PAGE_SHIFT);
		/* Without memory to tell its pages from a forked process's, it keeps them. */
		if (kept < pages_of(area) && spt_part(spt, start, area->end) == 0)
			spt_drop_pages(spt, start, area->end);
	}
}

void area_drop_copies(struct page_source *source, uint32_t first)
{
	spin_lock(&vm_lock);
	uint32_t truncation = ++source->truncations;
	spin_unlock(&vm_lock);
	struct spt *spt;
	while ((spt = next_space(source, truncation))) {
		drop_copies(spt, source, first);
		spt_put(spt);
	}
}
