/* SPDX-License-Identifier: MIT */
/*
 * Shared memory: see shmem.h. Of each page a node knows two things: whether it counts (it was
 * written once, and takes room) and its slot. All of that is guarded by vm_lock. A page is taken
 * away in two steps, out of the page cache and then out of its node, in this order: while a frame
 * of it is there, it may just be read from the slot, or written to it.
 */
#include "vm/shmem.h"

#include <asm/errno.h>

#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "vm/area.h"
#include "vm/commit.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/swap.h"
#include "vm/vm.h"

#define NODE_PAGES 32u
#define NODES_A_HOLD 4u /* looked through before vm_lock is let go for a moment */

struct node {
	struct tree_node by_number; /* key: index / 32 */
	uint32_t present;           /* bit i: the page counts */
	uint32_t slot[NODE_PAGES];  /* 0: none */
};

static struct slab_cache node_slab = SLAB_CACHE("shmem_node", sizeof(struct node));
static uint32_t slots_held; /* vm_lock */
static struct list swapped = LIST_INIT(swapped); /* vm_lock */

uint32_t shmem_slots(void)
{
	return slots_held;
}

/* ---- one page ---- */

static struct node *node_entry(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct node, by_number) : NULL;
}

static struct node *node_of(const struct shmem *shmem, uint32_t index)
{
	ASSERT(spin_held(&vm_lock));
	return node_entry(tree_find(&shmem->nodes, index / NODE_PAGES));
}

/* Where the page's slot is noted, or NULL if it was never written. */
static uint32_t *slot_place(const struct shmem *shmem, uint32_t index)
{
	struct node *node = node_of(shmem, index);
	return node ? &node->slot[index % NODE_PAGES] : NULL;
}

static uint32_t slot_of(const struct shmem *shmem, uint32_t index)
{
	const uint32_t *place = slot_place(shmem, index);
	return place ? *place : 0;
}

/* The page, which had none, has this slot from now on. */
static void slot_note(struct shmem *shmem, uint32_t *place, uint32_t slot)
{
	*place = slot;
	slots_held++;
	if (shmem->slots++ == 0)
		list_append(&swapped, &shmem->swapped_link);
}

/* The page has no slot any more: what becomes of it is the caller's affair. */
static uint32_t slot_take(struct shmem *shmem, uint32_t *place)
{
	uint32_t slot = *place;
	*place = 0;
	slots_held--;
	if (--shmem->slots == 0)
		list_remove(&shmem->swapped_link);
	return slot;
}

bool shmem_has_slot(const struct frame *frame)
{
	return slot_of(frame->owner.source->shmem, frame->index);
}

/* The page is forgotten: its slot, and that it counts. */
static void forget(struct shmem *shmem, struct node *node, uint32_t i)
{
	if (node->slot[i])
		swap_slot_free(slot_take(shmem, &node->slot[i]));
	if (!(node->present & 1u << i))
		return;
	node->present &= ~(1u << i);
	shmem->limit->pages--;
	areas_count_held(shmem->source, -1);
}

/* ---- the source's operations ---- */

bool shmem_stored(struct page_source *source, uint32_t index)
{
	spin_lock(&vm_lock);
	bool stored = slot_of(source->shmem, index);
	spin_unlock(&vm_lock);
	return stored;
}

void shmem_read(struct page_source *source, struct frame *frame)
{
	spin_lock(&vm_lock);
	uint32_t slot = slot_of(source->shmem, frame->index);
	spin_unlock(&vm_lock);
	if (slot) {
		swap_read(slot, frame);
		return;
	}
	memset(frame_data(frame), 0, PAGE_SIZE);
	frame_io_done(frame, 0);
}

bool shmem_slot_is_broken(struct frame *frame)
{
	struct shmem *shmem = frame->owner.source->shmem;
	uint32_t *place = slot_place(shmem, frame->index);
	if (!frame_clear(frame, FRAME_ERROR) || !place || !*place)
		return false;
	swap_slot_retire(slot_take(shmem, place));
	return true;
}

/* The slot that the page is written to: its own, or a new one; 0 if none is free. */
static uint32_t slot_for_writing(struct shmem *shmem, struct frame *frame)
{
	shmem_slot_is_broken(frame); /* found by another than who wrote it */
	uint32_t *place = slot_place(shmem, frame->index);
	uint32_t slot = place && !*place ? swap_slot_alloc() : 0;
	if (slot)
		slot_note(shmem, place, slot);
	return place ? *place : 0;
}

void shmem_write(struct page_source *source, struct frame *frame)
{
	spin_lock(&vm_lock);
	uint32_t slot = slot_for_writing(source->shmem, frame);
	spin_unlock(&vm_lock);
	if (slot)
		swap_write(slot, frame);
	else
		frame_io_done(frame, -ENOSPC); /* the page stays */
}

/* A node for the page, or NULL: no memory. vm_lock is let go meanwhile. */
static struct node *node_make(struct shmem *shmem, uint32_t index)
{
	spin_unlock(&vm_lock);
	struct node *new = slab_alloc_zeroed(&node_slab);
	spin_lock(&vm_lock);
	if (!new)
		return NULL;
	new->by_number.key = index / NODE_PAGES;
	if (tree_insert(&shmem->nodes, &new->by_number))
		return new;
	slab_free(&node_slab, new); /* another thread was faster */
	return node_of(shmem, index);
}

static bool is_used_up(const struct shmem_limit *limit, uint32_t pages)
{
	return limit->most && pages > limit->most - limit->pages - limit->reserved;
}

/* The page counts from now on. */
static int count(struct shmem *shmem, struct node *node, uint32_t index)
{
	struct shmem_limit *limit = shmem->limit;
	uint32_t bit = 1u << index % NODE_PAGES;
	if (node->present & bit)
		return 0;
	if (shmem->reserved) {
		shmem->reserved--;
		limit->reserved--;
	} else if (is_used_up(limit, 1)) {
		return -ENOSPC;
	}
	node->present |= bit;
	limit->pages++;
	areas_count_held(shmem->source, 1);
	return 0;
}

/* A node of which no page counts says nothing, and is memory that counts for nobody. */
static void drop_if_empty(struct shmem *shmem, struct node *node)
{
	if (node->present)
		return;
	tree_remove(&shmem->nodes, &node->by_number);
	slab_free(&node_slab, node);
}

int shmem_prepare_write(struct page_source *source, struct frame *frame)
{
	int error = -ENOMEM;
	spin_lock(&vm_lock);
	struct node *node = node_of(source->shmem, frame->index);
	if (!node)
		node = node_make(source->shmem, frame->index);
	if (node) {
		/* One that was truncated meanwhile does not count: the caller looks again. */
		error = frame->state == FRAME_FILE ? count(source->shmem, node, frame->index) : 0;
		drop_if_empty(source->shmem, node);
	}
	spin_unlock(&vm_lock);
	return error;
}

/* ---- shorter, and with holes ---- */

/* Forgets the pages of the node from `first` on. False: a frame of one is there again, since somebody
 * brought it in who had looked at the size before. */
static bool cut(struct shmem *shmem, struct node *node, uint32_t first)
{
	uint32_t start = node->by_number.key * NODE_PAGES;
	for (uint32_t i = first > start ? first - start : 0; i < NODE_PAGES; i++) {
		if (node->present & 1u << i && pagecache_find(shmem->source, start + i))
			return false;
		forget(shmem, node, i);
	}
	return true;
}

/* The same of all nodes from the last one on. */
static bool cut_all(struct shmem *shmem, uint32_t first)
{
	struct node *node;
	uint32_t steps = 0;
	bool done = true;
	spin_lock(&vm_lock);
	while (done && (node = node_entry(tree_last(&shmem->nodes))) &&
	       (node->by_number.key + 1) * NODE_PAGES > first) {
		done = cut(shmem, node, first);
		if (node->present)
			break;
		drop_if_empty(shmem, node);
		vm_breathe(&steps, NODES_A_HOLD);
	}
	spin_unlock(&vm_lock);
	return done;
}

void shmem_truncate(struct shmem *shmem, uint32_t first)
{
	do
		pagecache_truncate(shmem->source, first);
	while (!cut_all(shmem, first));
}

bool shmem_run(const struct shmem *shmem, uint32_t index, uint32_t *pages)
{
	spin_lock(&vm_lock);
	const struct node *node = node_entry(tree_ceiling(&shmem->nodes, index / NODE_PAGES));
	uint32_t start = node ? node->by_number.key * NODE_PAGES : UINT32_MAX;
	bool present = start <= index && node->present >> (index - start) & 1;
	*pages = start <= index ? 1 : start - index;
	spin_unlock(&vm_lock);
	return present;
}

static void punch(struct shmem *shmem, uint32_t index)
{
	bool done;
	do { /* it may be brought in between the two steps */
		pagecache_forget(shmem->source, index);
		spin_lock(&vm_lock);
		struct node *node = node_of(shmem, index);
		done = !node || !pagecache_find(shmem->source, index);
		if (node && done) {
			forget(shmem, node, index % NODE_PAGES);
			drop_if_empty(shmem, node);
		}
		spin_unlock(&vm_lock);
	} while (!done);
}

int shmem_punch(struct shmem *shmem, uint32_t first, uint32_t end)
{
	while (first < end && !thread_current()->killed) {
		uint32_t pages;
		if (shmem_run(shmem, first, &pages))
			punch(shmem, first++);
		else
			first = pages < end - first ? first + pages : end;
	}
	return first < end ? -EINTR : 0;
}

/* ---- the end of a swap device ---- */

/* The first page from *index on that has a slot on the device; false if there is none. */
static bool next_swapped(const struct shmem *shmem, uint32_t device, uint32_t *index)
{
	const struct node *node;
	uint32_t steps = 0;
	bool found = false;
	spin_lock(&vm_lock);
	while (!found && (node = node_entry(tree_ceiling(&shmem->nodes, *index / NODE_PAGES)))) {
		uint32_t start = node->by_number.key * NODE_PAGES, end = start + NODE_PAGES;
		if (*index < start)
			*index = start;
		while (*index < end && !swap_slot_on(node->slot[*index - start], device))
			++*index;
		found = *index < end;
		vm_breathe(&steps, NODES_A_HOLD);
	}
	spin_unlock(&vm_lock);
	return found;
}

/* The next one that has slots, with a reference; NULL: there is none. `place` stands in the list
 * itself, behind what was looked at, and has no source. One that is about to end gives its slots up
 * by itself. */
static struct shmem *next_with_slots(struct shmem *place)
{
	struct shmem *next = NULL;
	struct list_link *link;
	uint32_t steps = 0;
	spin_lock(&vm_lock);
	while (!next && (link = place->swapped_link.next) != &swapped.head) {
		list_remove(&place->swapped_link);
		list_insert_before(link->next, &place->swapped_link);
		next = LIST_ENTRY(link, struct shmem, swapped_link);
		if (!next->source || next->limit->closed || !next->source->ops->get(next->source))
			next = NULL;
		vm_breathe(&steps, NODES_A_HOLD);
	}
	spin_unlock(&vm_lock);
	return next;
}

/* Brings the page in and gives up its slot; a write to it that is under way comes first. */
static int release_slot(struct shmem *shmem, uint32_t index, uint32_t device)
{
	struct frame *frame;
	int error = pagecache_get(shmem->source, index, &frame);
	if (error)
		return error;
	frame_wait(frame);
	spin_lock(&vm_lock);
	uint32_t *place = slot_place(shmem, index);
	if (place && swap_slot_on(*place, device) && !frame_has(frame, FRAME_BUSY)) {
		swap_slot_free(slot_take(shmem, place));
		frame_set(frame, FRAME_DIRTY);
	}
	frame_unpin_locked(frame);
	spin_unlock(&vm_lock);
	return 0;
}

int shmem_leave_swap(uint32_t device)
{
	struct shmem place = {0}, *shmem;
	int error = 0;
	spin_lock(&vm_lock);
	list_prepend(&swapped, &place.swapped_link);
	spin_unlock(&vm_lock);
	while (!error && (shmem = next_with_slots(&place))) {
		for (uint32_t index = 0; !error && next_swapped(shmem, device, &index); index++)
			error = thread_current()->killed ? -EINTR
			                                 : release_slot(shmem, index, device);
		shmem->source->ops->put(shmem->source);
	}
	spin_lock(&vm_lock);
	list_remove(&place.swapped_link);
	spin_unlock(&vm_lock);
	return error;
}

/* ---- what it has ---- */

uint32_t shmem_swapped(const struct shmem *shmem)
{
	const struct node *node;
	uint32_t pages = 0, steps = 0;
	spin_lock(&vm_lock);
	for (uintptr_t key = 0; (node = node_entry(tree_ceiling(&shmem->nodes, key))); key++) {
		key = node->by_number.key;
		for (uint32_t i = 0; i < NODE_PAGES; i++)
			pages += node->slot[i] &&
			         !pagecache_find(shmem->source, key * NODE_PAGES + i);
		vm_breathe(&steps, NODES_A_HOLD);
	}
	spin_unlock(&vm_lock);
	return pages;
}

bool shmem_mapped_writable(const struct shmem *shmem)
{
	spin_lock(&vm_lock);
	bool mapped = shmem->source->writable > 0;
	spin_unlock(&vm_lock);
	return mapped;
}

/* ---- beginning and end ---- */

int shmem_limit_set(struct shmem_limit *limit, uint32_t most)
{
	spin_lock(&vm_lock);
	bool may = limit_may_change(limit->most, most, limit->pages + limit->reserved);
	if (may)
		limit->most = most;
	spin_unlock(&vm_lock);
	return may ? 0 : -EINVAL;
}

void shmem_limit_close(struct shmem_limit *limit, bool closed)
{
	spin_lock(&vm_lock);
	limit->closed = closed;
	spin_unlock(&vm_lock);
}

int shmem_reserve(struct shmem *shmem, uint32_t pages)
{
	spin_lock(&vm_lock);
	int error = is_used_up(shmem->limit, pages) ? -ENOSPC : 0;
	if (!error) {
		shmem->reserved += pages;
		shmem->limit->reserved += pages;
	}
	spin_unlock(&vm_lock);
	return error;
}

void shmem_reserve_end(struct shmem *shmem)
{
	spin_lock(&vm_lock);
	shmem->limit->reserved -= shmem->reserved;
	shmem->reserved = 0;
	spin_unlock(&vm_lock);
}

int shmem_promise(struct shmem *shmem, uint32_t pages)
{
	if (!commit_allows(pages))
		return -ENOMEM;
	shmem->promised = pages;
	commit_add_shared(pages);
	return 0;
}

void shmem_begin(struct shmem *shmem, struct page_source *source, struct shmem_limit *limit)
{
	*shmem = (struct shmem){.source = source, .limit = limit};
	list_link_init(&shmem->swapped_link);
	source->shmem = shmem;
}

void shmem_end(struct shmem *shmem)
{
	shmem_truncate(shmem, 0);
	commit_add_shared(-(int32_t)shmem->promised);
}
