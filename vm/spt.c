/* SPDX-License-Identifier: MIT */
/* The supplemental page table: areas below, anons above. See spt.h for its shape. */
#include "vm/spt.h"

#include <asm/errno.h>

#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "vm/anon.h"
#include "vm/area.h"
#include "vm/frame.h"
#include "vm/resident.h"
#include "vm/source.h"
#include "vm/tracepoints.h"
#include "vm/vm.h"

#define PAGES_NOTED 256u /* spt_note_resident: fewer are few */
/* vm_lock is released after so many anons of a long range. */
#define ANONS_A_HOLD FRAMES_AT_ONCE
/* Fork copies references to so few anons one by one: less work than to share them and then,
 * most likely, to copy them all the same. */
#define FEW_ANONS 64u

static struct slab_cache spt_cache = SLAB_CACHE("spt", sizeof(struct spt));
static struct list spts = LIST_INIT(spts); /* vm_lock */

static bool leaves_alloc(struct spt *spt)
{
	for (uint32_t i = 0; i < LEAF_PAGES; i++)
		if (!(spt->leaves[i] = kmalloc_zeroed(PAGE_SIZE)))
			return false;
	return true;
}

static void leaves_free(struct spt *spt)
{
	for (uint32_t i = 0; i < LEAF_PAGES; i++)
		kfree(spt->leaves[i]);
}

struct spt *spt_create(void)
{
	struct spt *spt = slab_alloc_zeroed(&spt_cache);
	if (!spt)
		return NULL;
	trace_space_new(&spt->pagedir);
	if (!leaves_alloc(spt) || pagedir_create(&spt->pagedir) != 0) {
		trace_space_end(&spt->pagedir);
		leaves_free(spt);
		slab_free(&spt_cache, spt);
		return NULL;
	}
	spt->references = 1;
	rwlock_init(&spt->lock, "address space");
	areas_init(&spt->areas, &spt->pagedir);
	spt->stack_limit = 8u << 20;
	spt->data_limit = spt->space_limit = spt->resident_limit = UINT32_MAX;
	spt->lock_limit = UINT32_MAX;
	spin_lock(&vm_lock);
	list_append(&spts, &spt->link);
	spin_unlock(&vm_lock);
	return spt;
}

void spt_get(struct spt *spt)
{
	__atomic_fetch_add(&spt->references, 1, __ATOMIC_RELAXED);
}

bool spt_try_get(struct spt *spt)
{
	uint32_t references = __atomic_load_n(&spt->references, __ATOMIC_RELAXED);
	while (references > 0)
		if (__atomic_compare_exchange_n(&spt->references, &references, references + 1,
		                                false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return true;
	return false;
}

void spt_put(struct spt *spt)
{
	if (__atomic_sub_fetch(&spt->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;

	rwlock_write(&spt->lock);
	(void)spt_part(spt, 0, USER_END);
	struct area *area;
	while ((area = area_first(&spt->areas))) {
		spt_drop_pages(spt, area_start(area), area->end);
		area_end_first(&spt->areas);
	}
	rwlock_write_end(&spt->lock);

	spin_lock(&vm_lock);
	list_remove(&spt->link);
	spin_unlock(&vm_lock);
	resident_end(spt->own_pages);
	pagedir_destroy(&spt->pagedir);
	trace_space_end(&spt->pagedir);
	leaves_free(spt);
	slab_free(&spt_cache, spt);
}

static struct anon **leaf_at(const struct spt *spt, uintptr_t address)
{
	return *spt_leaf(spt, span_index(address));
}

/* The first page of [start, end) that has an anon, or a page that is not below end. */
static uintptr_t first_with_anon(const struct spt *spt, uintptr_t start, uintptr_t end)
{
	while (start < end && !spt_anon(spt, start))
		start = leaf_at(spt, start) ? start + PAGE_SIZE : span_end(start);
	return start;
}

struct anon *spt_next_anon(struct spt *spt, uintptr_t *address)
{
	*address = first_with_anon(spt, *address, USER_END);
	return *address < USER_END ? spt_anon(spt, *address) : NULL;
}

uint32_t spt_anon_count(const struct spt *spt)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < USER_TABLES; i++) {
		struct anon **leaf = *spt_leaf(spt, i);
		count += leaf ? frame_of(leaf)->used : 0;
	}
	return count;
}

/* The frame, which holds `used` anons, becomes the leaf for the address. vm_lock held. */
static void leaf_install(struct spt *spt, uintptr_t address, struct frame *frame, uint32_t used)
{
	frame->state = FRAME_ANON_LEAF;
	frame->owner.spt = spt;
	frame->index = span_start(address);
	frame->used = used;
	frame->sharers = 1;
	frame->seen = 0;
	*spt_leaf(spt, span_index(address)) = frame_data(frame);
	trace_frame_table(&spt->pagedir, frame);
}

int spt_leaf_prepare(struct spt *spt, uintptr_t address)
{
	if (leaf_at(spt, address))
		return 0;
	struct frame *frame = frame_alloc_zeroed();
	if (!frame)
		return -ENOMEM;
	spin_lock(&vm_lock);
	leaf_install(spt, address, frame, 0);
	spin_unlock(&vm_lock);
	return 0;
}

static void leaf_free_if_empty(struct spt *spt, uintptr_t address)
{
	struct frame *frame = frame_of(leaf_at(spt, address));
	if (frame->used > 0)
		return;
	*spt_leaf(spt, span_index(address)) = NULL;
	frame->sharers = 0;
	frame_disown(frame);
	frame_unpin_locked(frame);
}

bool spt_owns(const struct spt *spt, uintptr_t address)
{
	return spt->shared_spans == 0 || !leaf_at(spt, address) ||
	       frame_of(leaf_at(spt, address))->owner.spt;
}

uint32_t spt_sharers(const struct spt *spt, uintptr_t address)
{
	return !spt_owns(spt, address) ? frame_of(leaf_at(spt, address))->sharers : 1;
}

/* The last one who shares the span takes it over. vm_lock held. */
static void span_take(struct spt *spt, uintptr_t address)
{
	trace_span_own(&spt->pagedir, span_start(address),
	               pagedir_shared_table(&spt->pagedir, address), false);
	frame_of(leaf_at(spt, address))->owner.spt = spt;
	pagedir_release(&spt->pagedir, address);
	spt->shared_spans--;
	vm_count(VM_fork_spans_kept);
}

/* Others share the span, too: the frame becomes a copy of the leaf. Now that each anon has a
 * reference more, nobody may write to it. vm_lock held. */
static void span_copy(struct spt *spt, uintptr_t address, struct frame *frame)
{
	struct anon **from = leaf_at(spt, address), **to = frame_data(frame);
	uintptr_t start = span_start(address);
	trace_span_own(&spt->pagedir, start, pagedir_shared_table(&spt->pagedir, start), true);
	for (uint32_t i = 0; i < ENTRIES_PER_TABLE; i++) {
		to[i] = from[i];
		if (to[i])
			anon_get(to[i]);
	}
	frame_of(from)->sharers--;
	leaf_install(spt, address, frame, frame_of(from)->used);
	pagedir_protect(&spt->pagedir, start, start + SPAN_SIZE);
	pagedir_release(&spt->pagedir, address);
	spt->shared_spans--;
	vm_count(VM_fork_spans_copied);
}

/* What the span holds is not wanted any more. vm_lock held. */
static void span_leave(struct spt *spt, uintptr_t address)
{
	struct frame *leaf = frame_of(leaf_at(spt, address));
	if (leaf->sharers == 1) {
		span_take(spt, address);
		return;
	}
	trace_span_leave(&spt->pagedir, span_start(address),
	                 pagedir_shared_table(&spt->pagedir, address));
	leaf->sharers--;
	*spt_leaf(spt, span_index(address)) = NULL;
	pagedir_release(&spt->pagedir, address);
	spt->shared_spans--;
}

int spt_own(struct spt *spt, uintptr_t address)
{
	if (spt_owns(spt, address))
		return 0;
	struct frame *frame = NULL;
	if (spt_sharers(spt, address) > 1 && !(frame = frame_alloc()))
		return -ENOMEM;
	spin_lock(&vm_lock);
	if (spt_sharers(spt, address) > 1) {
		span_copy(spt, address, frame);
	} else {
		span_take(spt, address);
		if (frame)
			frame_unpin_locked(frame);
	}
	spin_unlock(&vm_lock);
	return 0;
}

int spt_own_range(struct spt *spt, uintptr_t start, uintptr_t end)
{
	for (; start < end && spt->shared_spans > 0; start = span_end(start))
		if (spt_own(spt, start) != 0)
			return -ENOMEM;
	return 0;
}

int spt_part(struct spt *spt, uintptr_t start, uintptr_t end)
{
	uintptr_t whole_start = span_start(start + SPAN_SIZE - 1);
	uintptr_t whole_end = span_start(end);
	if ((whole_start != start && spt_own(spt, start) != 0) ||
	    (whole_end != end && spt_own(spt, end) != 0))
		return -ENOMEM;
	for (; whole_start < whole_end && spt->shared_spans > 0; whole_start += SPAN_SIZE) {
		if (!leaf_at(spt, whole_start))
			continue; /* most have none, and what is shared has one */
		spin_lock(&vm_lock);
		if (!spt_owns(spt, whole_start))
			span_leave(spt, whole_start);
		spin_unlock(&vm_lock);
	}
	return 0;
}

struct anon *spt_anon_set(struct spt *spt, uintptr_t address, struct anon *anon)
{
	ASSERT(spin_held(&vm_lock));
	struct anon **leaf = leaf_at(spt, address);
	ASSERT_SAYING(frame_of(leaf)->owner.spt == spt, "an anon is set in a shared leaf");
	struct anon *old = leaf[table_index(address)];
	leaf[table_index(address)] = anon;
	frame_of(leaf)->used += (anon != NULL) - (old != NULL);
	return old;
}

/* Where a walk by leaves goes on: the end of a hold, of the leaf, or of the range. */
static uintptr_t hold_end(uintptr_t start, uintptr_t end)
{
	uintptr_t hold = ANONS_A_HOLD * PAGE_SIZE;
	uintptr_t stop = (start & ~(hold - 1)) + hold;
	return stop > end ? end : stop;
}

void spt_anons_set(struct spt *spt, uintptr_t address, struct anon *const *anons, uint32_t count)
{
	ASSERT(spin_held(&vm_lock));
	struct anon **places = spt_place(spt, address);
	ASSERT_SAYING(spt_owns(spt, address), "anons are set in a shared leaf");
	for (uint32_t i = 0; i < count; i++) {
		ASSERT_SAYING(!places[i], "an anon is set where there is one");
		places[i] = anons[i];
	}
	frame_of(places)->used += count;
}

/* A range within one leaf; vm_lock held. */
static void drop_anons(struct spt *spt, uintptr_t start, uintptr_t end)
{
	struct anon **places = spt_place(spt, start);
	ASSERT_SAYING(spt_owns(spt, start), "anons of a shared leaf are dropped");
	trace_pages_drop(&spt->pagedir, start, end);
	frame_of(leaf_at(spt, start))->used -= anons_put(places, (end - start) >> PAGE_SHIFT);
	leaf_free_if_empty(spt, start);
}

void spt_note_resident(struct spt *spt, uintptr_t start, uintptr_t end)
{
	if (end - start < PAGES_NOTED * PAGE_SIZE)
		return;
	uint32_t resident = 0, next = 0;
	for (struct area *area = spt_area_from(spt, 0); area; area = area_next(area)) {
		uint32_t last = span_index(area->end - 1);
		uint32_t first = span_index(area_start(area));
		for (next = first > next ? first : next; next <= last; next++)
			resident += pagedir_resident_table(&spt->pagedir, next);
	}
	if (resident > spt->resident_most)
		spt->resident_most = resident;
}

void spt_drop_pages(struct spt *spt, uintptr_t start, uintptr_t end)
{
	ASSERT(rwlock_written(&spt->lock));
	pagedir_clear(&spt->pagedir, start, end);
	while (start < end) {
		if (!leaf_at(spt, start)) {
			start = span_end(start);
			continue;
		}
		uintptr_t stop = hold_end(start, end);
		spin_lock(&vm_lock);
		drop_anons(spt, start, stop);
		spin_unlock(&vm_lock);
		start = stop;
	}
}

/* A range within one leaf, of which the child has nothing yet; vm_lock held. */
static void share_anons(struct spt *parent, struct spt *child, uintptr_t start, uintptr_t end)
{
	struct anon **from = spt_place(parent, start), **to = spt_place(child, start);
	uint32_t shared = 0;
	trace_pages_share(&parent->pagedir, &child->pagedir, start, end);
	for (uint32_t i = 0; i < (end - start) >> PAGE_SHIFT; i++) {
		struct anon *anon = from[i];
		if (!anon)
			continue;
		anon_get(anon);
		to[i] = anon;
		shared++;
	}
	frame_of(leaf_at(child, start))->used += shared;
	vm_count_many(VM_fork_anons_shared, shared);
	if (shared > 0)
		pagedir_protect(&parent->pagedir, start, end);
}

/* The whole span; vm_lock held. */
static void share_span(struct spt *parent, struct spt *child, uintptr_t address)
{
	struct anon **leaf = leaf_at(parent, address);
	struct frame *frame = frame_of(leaf);
	if (frame->owner.spt)
		parent->shared_spans++;
	frame->owner.spt = NULL;
	frame->sharers++;
	*spt_leaf(child, span_index(address)) = leaf;
	child->shared_spans++;
	pagedir_share(&parent->pagedir, &child->pagedir, address);
	trace_span_share(&parent->pagedir, &child->pagedir, span_start(address),
		                 pagedir_shared_table(&parent->pagedir, address));
	vm_count(VM_fork_spans_shared);
	vm_count_many(VM_fork_anons_shared, frame->used);
}

/* Whether the span's anons are many enough to share them all at once. */
static bool has_many(const struct spt *spt, uintptr_t address)
{
	return frame_of(leaf_at(spt, address))->used > FEW_ANONS;
}

int spt_share_pages(struct spt *parent, struct spt *child, uintptr_t start, uintptr_t end,
                    bool whole_spans)
{
	while (start < end) {
		if (!leaf_at(parent, start)) {
			start = span_end(start);
			continue;
		}
		if (whole_spans && has_many(parent, start)) {
			spin_lock(&vm_lock);
			/* Another area in the span may have brought it in. */
			if (!leaf_at(child, start))
				share_span(parent, child, start);
			spin_unlock(&vm_lock);
			start = span_end(start);
			continue;
		}
		if (spt_leaf_prepare(child, start) != 0)
			return -ENOMEM;
		uintptr_t stop = hold_end(start, end);
		spin_lock(&vm_lock);
		share_anons(parent, child, start, stop);
		spin_unlock(&vm_lock);
		start = stop;
	}
	return 0;
}

int spt_move_pages(struct spt *spt, uintptr_t from, uintptr_t to, uint32_t length)
{
	uintptr_t end = from + length, page;
	for (page = from; (page = first_with_anon(spt, page, end)) < end; page += PAGE_SIZE)
		if (spt_leaf_prepare(spt, to + (page - from)) != 0)
			return -ENOMEM;

	pagedir_clear(&spt->pagedir, from, end);
	/* A leaf that gets empty stays: it may be one in which the other range ends, and be wanted
	 * for the next pages. */
	for (page = from; (page = first_with_anon(spt, page, end)) < end; page += PAGE_SIZE) {
		spin_lock(&vm_lock);
		spt_anon_set(spt, to + (page - from), spt_anon_set(spt, page, NULL));
		trace_page_move(&spt->pagedir, page, to + (page - from));
		spin_unlock(&vm_lock);
	}
	return 0;
}

struct spt *spt_next(struct spt *previous)
{
	struct spt *next = NULL;
	spin_lock(&vm_lock);
	struct list_link *link = previous ? previous->link.next : spts.head.next;
	for (; link != &spts.head && !next; link = link->next)
		if (spt_try_get(LIST_ENTRY(link, struct spt, link)))
			next = LIST_ENTRY(link, struct spt, link);
	spin_unlock(&vm_lock);
	if (previous)
		spt_put(previous);
	return next;
}

void spt_for_each(void (*visit)(struct spt *, void *), void *context)
{
	ASSERT(spin_held(&vm_lock));
	LIST_FOR(&spts, struct spt, spt, link)
		visit(spt, context);
}

uint32_t spt_shared_count(const struct spt *spt)
{
	return spt->areas.shared_held;
}
