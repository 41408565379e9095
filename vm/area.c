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
#include "vm/commit.h"
#include "vm/page.h"
#include "vm/source.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

volatile uint32_t area_count_max = 65530;

static struct slab_cache area_cache = SLAB_CACHE("area", sizeof(struct area));

static struct area *area_of(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct area, node) : NULL;
}

/* The tree calls this for a node whose subtree changed. */
static bool summarise(struct tree_node *node)
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

void areas_init(struct areas *areas, const struct pagedir *pagedir)
{
	*areas = (struct areas){.tree.summarise = summarise, .pagedir = pagedir};
}

struct area *area_from(const struct areas *areas, uintptr_t address)
{
	struct area *found = NULL;
	for (struct area *area = area_of(areas->tree.root); area;) {
		if (area->end > address) {
			found = area;
			area = area_of(area->node.left);
		} else {
			area = area_of(area->node.right);
		}
	}
	return found;
}

struct area *area_find_slowly(struct areas *areas, uintptr_t address)
{
	struct area *area = area_from(areas, address);
	if (!area || address < area_start(area))
		return NULL;
	areas->last_found = area;
	return area;
}

struct area *area_next(const struct area *area)
{
	return area_of(tree_next(&area->node));
}

struct area *area_first(const struct areas *areas)
{
	return area_of(tree_first(&areas->tree));
}

/* The room below the area, above that neighbour, if there is one. */
static void set_gap(struct area *area, const struct area *below)
{
	area->gap_before = area_start(area) - (below ? below->end : 0);
}

/* The area's start, or its lower neighbour's end, changed. */
static void update_gap(struct areas *areas, struct area *area, const struct area *below)
{
	if (!area)
		return;
	set_gap(area, below);
	tree_update(&areas->tree, &area->node);
}

struct area *area_create(uintptr_t start, uintptr_t end, uint32_t flags,
                         struct backing *backing, uint32_t first_page, uintptr_t file_end)
{
	struct area *area = slab_alloc_zeroed(&area_cache);
	if (!area)
		return NULL;
	area->node.key = start;
	area->end = end;
	area->flags = flags;
	area->first_page = first_page;
	area->file_end = file_end;
	if (backing) {
		area->backing = backing;
		area->source = backing->source;
		area->truncation = area->source->truncations;
		backing->ops->get(backing);
	}
	return area;
}

struct area *area_create_like(const struct area *model, uintptr_t from, uintptr_t start,
                              uintptr_t end)
{
	uintptr_t file_end = model->file_end;
	if (file_end != UINTPTR_MAX)
		file_end += start - from;
	struct area *area = area_create(start, end, model->flags, model->backing,
	                                area_source_page(model, from), file_end);
	if (area)
		area->truncation = model->truncation;
	return area;
}

void area_free(struct area *area)
{
	if (area->backing)
		area->backing->ops->put(area->backing);
	if (area->ahead)
		kfree(area->ahead);
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

/* So many pages more, or less, are in the area. */
static void count_pages(struct areas *areas, const struct area *area, int32_t pages)
{
	areas->pages += pages;
	if (areas->pages > areas->pages_most)
		areas->pages_most = areas->pages;
	if (!(area->flags & AREA_COMMITTED))
		return;
	areas->committed += pages;
	commit_add(pages);
}

void area_commit(struct areas *areas, struct area *area)
{
	if (area->flags & AREA_COMMITTED || !area_commits(area->flags))
		return;
	area->flags |= AREA_COMMITTED;
	areas->committed += pages_of(area);
	commit_add(pages_of(area));
}

static void set_holder(struct page_source *source, struct areas *holder)
{
	if (!source->shmem)
		return;
	if (source->holder)
		source->holder->shared_held -= source->held;
	source->holder = holder;
	if (holder)
		holder->shared_held += source->held;
}

static bool may_write_source(const struct area *area)
{
	return area->flags & AREA_SHARED && area->flags & AREA_MAY_WRITE;
}

static void link_to_source(struct area *area)
{
	struct page_source *source = area->source;
	if (!source)
		return;
	spin_lock(&vm_lock);
	if (!source->holder)
		set_holder(source, area->areas);
	if (area_has_no_cut_copies(area))
		list_prepend(&source->areas, &area->source_link);
	else
		list_append(&source->areas, &area->source_link);
	source->writable += may_write_source(area);
	spin_unlock(&vm_lock);
}

static struct areas *first_who_maps(const struct page_source *source)
{
	if (list_empty(&source->areas))
		return NULL;
	return LIST_ENTRY(list_first(&source->areas), struct area, source_link)->areas;
}

static void unlink_from_source(struct area *area)
{
	struct page_source *source = area->source;
	if (!source)
		return;
	spin_lock(&vm_lock);
	list_remove(&area->source_link);
	source->writable -= may_write_source(area);
	if (source->holder == area->areas)
		set_holder(source, first_who_maps(source));
	spin_unlock(&vm_lock);
}

/* What an area does to its space and its source, beside its place in the tree. */
static void join(struct areas *areas, struct area *area)
{
	count_pages(areas, area, pages_of(area));
	areas->count++;
	area->areas = areas;
	trace_area_add(areas->pagedir, area);
	link_to_source(area);
}

static void part(struct areas *areas, struct area *area)
{
	trace_area_remove(areas->pagedir, area_start(area), area->end);
	count_pages(areas, area, -(int32_t)pages_of(area));
	areas->count--;
	unlink_from_source(area);
	if (areas->last_found == area)
		areas->last_found = NULL;
}

/* Puts the area into the tree. Returns the one above it. */
static struct area *enter(struct areas *areas, struct area *area)
{
	struct tree_place place;
	bool free = tree_find_place(&areas->tree, area_start(area), &place);
	ASSERT_SAYING(free, "two areas start at one address");
	set_gap(area, area_of(place.below));
	tree_insert_at(&areas->tree, &place, &area->node);
	join(areas, area);
	return area_of(place.above);
}

static void leave(struct areas *areas, struct area *area)
{
	tree_remove(&areas->tree, &area->node);
	part(areas, area);
}

/* Locks in memory are the parent's alone (mlock(2)), and so is what is known of its reading. */
static struct area *fork_copy(const struct area *area, const struct area *below)
{
	struct area *copy = slab_alloc(&area_cache);
	if (!copy)
		return NULL;
	*copy = *area;
	copy->flags &= ~(AREA_LOCKED | AREA_LOCK_ON_FAULT);
	copy->ahead = NULL;
	copy->zeros_next = copy->zeros_run = 0;
	set_gap(copy, below);
	if (copy->backing)
		copy->backing->ops->get(copy->backing);
	return copy;
}

int areas_fork(struct areas *to, const struct areas *from)
{
	struct tree_node *first = NULL, **end = &first;
	struct area *below = NULL, *area;
	to->any_sealed = from->any_sealed;
	for (area = area_first(from); area; area = area_next(area)) {
		if (area->flags & AREA_NOT_FORKED)
			continue;
		struct area *copy = fork_copy(area, below);
		if (!copy)
			break;
		join(to, copy);
		*end = &copy->node;
		end = &copy->node.right;
		below = copy;
	}
	tree_build(&to->tree, first, to->count);
	return area ? -ENOMEM : 0;
}

void area_end_first(struct areas *areas)
{
	struct area *area = area_of(tree_take_first(&areas->tree));
	part(areas, area);
	area_free(area);
}

void area_insert(struct areas *areas, struct area *area)
{
	struct area *above = enter(areas, area);
	update_gap(areas, above, area);
}

void area_remove(struct areas *areas, struct area *area)
{
	struct area *above = area_next(area);
	uint32_t room = pages_of(area) * PAGE_SIZE + area->gap_before;
	leave(areas, area);
	if (!above)
		return;
	above->gap_before += room;
	tree_update(&areas->tree, &above->node);
}

void area_set_start(struct areas *areas, struct area *area, uintptr_t start)
{
	/* Page numbers first: a difference of addresses loses its sign when shifted. */
	uint32_t more = page_number(area_start(area)) - page_number(start);
	count_pages(areas, area, (int32_t)more);
	area->first_page -= more;
	uintptr_t old = area_start(area);
	area->node.key = start;
	trace_area_change(areas->pagedir, area, old, area->end);
	area->gap_before += start - old;
	tree_update(&areas->tree, &area->node);
}

static void set_end(struct areas *areas, struct area *area, uintptr_t end)
{
	count_pages(areas, area, (int32_t)(page_number(end) - page_number(area->end)));
	uintptr_t old = area->end;
	area->end = end;
	trace_area_change(areas->pagedir, area, area_start(area), old);
}

void area_set_end(struct areas *areas, struct area *area, uintptr_t end)
{
	set_end(areas, area, end);
	update_gap(areas, area_next(area), area);
}

/* The gaps around stay as they are, and between the two there is none. */
int area_split(struct areas *areas, struct area *area, uintptr_t address)
{
	ASSERT(address > area_start(area) && address < area->end);
	if (areas->count >= area_count_max)
		return -ENOMEM;
	struct area *upper = area_create_like(area, address, address, area->end);
	if (!upper)
		return -ENOMEM;
	set_end(areas, area, address);
	enter(areas, upper);
	return 0;
}

static bool could_be_one(const struct area *a, const struct area *b)
{
	return a->end == area_start(b) && a->flags == b->flags && a->backing == b->backing &&
	       a->file_end == b->file_end && a->truncation == b->truncation &&
	       (!a->source || area_source_page(a, a->end) == b->first_page);
}

/* Joins the area with the next one, if one area could say the same. */
static void merge_with_next(struct areas *areas, struct area *area)
{
	struct area *next = area_next(area);
	if (!next || !could_be_one(area, next))
		return;
	leave(areas, next);
	set_end(areas, area, next->end);
	area_free(next);
}

void area_merge(struct areas *areas, struct area *area)
{
	merge_with_next(areas, area);
	struct area *below = area_of(tree_previous(&area->node));
	if (below)
		merge_with_next(areas, below);
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

uintptr_t area_find_gap(struct areas *areas, uint32_t length, uintptr_t limit)
{
	struct area *last = area_of(tree_last(&areas->tree));
	uintptr_t bottom = last && last->end > USER_START ? last->end : USER_START;
	if (limit > bottom && limit - bottom >= length)
		return limit - length;
	return gap_in(areas->tree.root, length, limit);
}
