/* SPDX-License-Identifier: MIT */
/*
 * The kernel heap. A slab is one page frame:
 *
 *   | struct slab | object | object | ... | object | rest |
 *
 * so the slab of an object is found by rounding its address down to the page, and an
 * object is never page-aligned: kfree() tells whole frames by that. Free objects are
 * chained through their first word. Those never used yet are not chained but counted
 * (`fresh`), so that a new slab has no chain to build.
 *
 * In debug builds a free object is full of junk, and slab_alloc panics if somebody wrote
 * there in the meantime.
 */
#include "kernel/mem/slab.h"

#include "kernel/cpu/wide.h"
#include "kernel/mem/failpoint.h"
#include "kernel/mem/layout.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"

#define HEAP_RESERVE 8   /* frames the heap leaves to threads that free memory */
#define SCARCE_PART 8    /* frames are scarce when fewer than this part of all are free */
#define SHRINK_BATCH 8
#define SHRINK_ATTEMPTS 4
#define SHRINKERS_MAX 4
#define JUNK 0xcc
#define WORD_BITS 32

struct free_object {
	struct free_object *next;
};

struct slab {
	struct list_link link;       /* the cache's partial or full list */
	struct slab_cache *cache;
	struct free_object *free;
	uint16_t used;               /* handed out now */
	uint16_t fresh;              /* objects from this index on were never used */
	uint16_t capacity;
	uint16_t stride;             /* bytes from one object to the next */
} __attribute__((aligned(16)));

static struct spinlock caches_lock = SPINLOCK_INIT("slab caches");
static struct list caches = LIST_INIT(caches); /* guarded by caches_lock */

/* Written during start-up only. */
static uint32_t (*shrinkers[SHRINKERS_MAX])(uint32_t);
static unsigned shrinker_count;

#define HALF_SLAB ((PAGE_SIZE - sizeof(struct slab)) / 2)

/* kmalloc's sizes. The largest is half of what a slab has room for, so that it holds two. */
static struct slab_cache size_caches[] = {
	SLAB_CACHE("kmalloc-16", 16),   SLAB_CACHE("kmalloc-32", 32),
	SLAB_CACHE("kmalloc-64", 64),   SLAB_CACHE("kmalloc-128", 128),
	SLAB_CACHE("kmalloc-256", 256), SLAB_CACHE("kmalloc-512", 512),
	SLAB_CACHE("kmalloc-1k", 1024), SLAB_CACHE("kmalloc-2k", HALF_SLAB),
};
#define SIZE_CACHES (sizeof(size_caches) / sizeof(size_caches[0]))

static struct slab *slab_of(const void *object)
{
	return (struct slab *)((uintptr_t)object & PAGE_MASK);
}

static void *object_at(struct slab *slab, uint32_t index)
{
	return (char *)(slab + 1) + index * slab->stride;
}

/* Static caches have no lists until their first use. */
static void cache_ensure_ready(struct slab_cache *cache)
{
	if (cache->link.next)
		return;
	uint32_t flags = spin_lock_irq(&caches_lock);
	if (!cache->link.next) {
		ASSERT_SAYING(cache->size && cache->size <= HALF_SLAB, "object size");
		cache->lock.name = cache->name;
		list_init(&cache->partial);
		list_init(&cache->full);
		list_append(&caches, &cache->link);
	}
	spin_unlock_irq(&caches_lock, flags);
}

/* A frame for the heap, by freeing memory elsewhere if need be; 0 if there is none. */
static uint32_t heap_frame_take(void)
{
	bool reclaiming = thread_current()->reclaiming;
	uint32_t reserve = reclaiming ? 0 : HEAP_RESERVE;
	uint32_t frame = physmem_take(PHYSMEM_HEAP, reserve);
	for (int i = 0; !frame && i < SHRINK_ATTEMPTS; i++) {
		if (reclaiming || !thread_may_sleep() || !shrinkers_run(SHRINK_BATCH))
			break;
		frame = physmem_take(PHYSMEM_HEAP, reserve);
	}
	return frame;
}

static struct slab *slab_make(struct slab_cache *cache)
{
	uint32_t frame = heap_frame_take();
	if (!frame)
		return NULL;
	struct slab *slab = phys_to_virt(frame << PAGE_SHIFT);
	uint32_t stride = cache->size < 8 ? 8 : (cache->size + 7) & ~7u;
	*slab = (struct slab){
		.cache = cache,
		.stride = stride,
		.capacity = (PAGE_SIZE - sizeof(struct slab)) / stride,
	};
	list_link_init(&slab->link);
	return slab;
}

/* What is freed to it later finds no cache. */
static void slab_give_back(struct slab *slab)
{
	slab->cache = NULL;
	physmem_give(virt_to_phys(slab) >> PAGE_SHIFT);
}

#ifdef PAGODA_DEBUG
static void junk_fill(struct slab *slab, void *object)
{
	memset(object, JUNK, slab->stride);
}

static void middle_check(struct slab *slab, const void *object)
{
	ASSERT_SAYING(((const char *)object - (char *)(slab + 1)) % slab->stride == 0,
	              "freeing the middle of an object");
}

static void junk_check(struct slab *slab, const void *object)
{
	const uint8_t *bytes = object;
	for (uint32_t i = sizeof(struct free_object); i < slab->stride; i++)
		if (bytes[i] != JUNK)
			panic("%s at %p was written to at byte %u after it was freed",
			      slab->cache->name, object, i);
}
#else
static void junk_fill(struct slab *slab, void *object)
{
	(void)slab;
	(void)object;
}

static void middle_check(struct slab *slab, const void *object)
{
	(void)slab;
	(void)object;
}

static void junk_check(struct slab *slab, const void *object)
{
	(void)slab;
	(void)object;
}
#endif

/* Takes an object from the cache's first partial slab; NULL if there is none. Locked. */
static inline void *object_take(struct slab_cache *cache)
{
	struct list_link *link = list_first(&cache->partial);
	if (!link)
		return NULL;
	struct slab *slab = LIST_ENTRY(link, struct slab, link);
	struct free_object *object = slab->free;
	if (object) {
		slab->free = object->next;
		junk_check(slab, object);
	} else {
		object = object_at(slab, slab->fresh++);
	}
	slab->used++;
	cache->objects++;
	if (slab->used == slab->capacity) {
		list_remove(link);
		list_append(&cache->full, link);
	}
	return object;
}

/* One more slab; false: there is no memory. */
static bool slab_add(struct slab_cache *cache)
{
	struct slab *slab = slab_make(cache);
	if (!slab)
		return false;
	uint32_t flags = spin_lock_irq(&cache->lock);
	list_prepend(&cache->partial, &slab->link);
	cache->slabs++;
	spin_unlock_irq(&cache->lock, flags);
	return true;
}

void *slab_alloc(struct slab_cache *cache)
{
	void *object;
	if (failpoint_strikes())
		return NULL;
	cache_ensure_ready(cache);
	do {
		uint32_t flags = spin_lock_irq(&cache->lock);
		object = object_take(cache);
		spin_unlock_irq(&cache->lock, flags);
	} while (!object && slab_add(cache));
	return object;
}

uint32_t slab_alloc_many(struct slab_cache *cache, void **objects, uint32_t count)
{
	uint32_t got = 0;
	bool fails = false;
	cache_ensure_ready(cache);
	uint32_t flags = spin_lock_irq(&cache->lock);
	while (got < count && !(fails = failpoint_strikes()) && (objects[got] = object_take(cache)))
		got++;
	spin_unlock_irq(&cache->lock, flags);
	while (got < count && !fails && (objects[got] = slab_alloc(cache)))
		got++;
	return got;
}

void *slab_alloc_zeroed(struct slab_cache *cache)
{
	void *object = slab_alloc(cache);
	return object ? memset(object, 0, cache->size) : NULL;
}

static bool frame_is_heap(const void *object)
{
	return physmem_holder(virt_to_phys(object) >> PAGE_SHIFT) == PHYSMEM_HEAP;
}

/* Whether the cache can do without a slab that has become empty. Its last one with room is
 * kept for the next object, or a cache with one object now and then would take a frame and
 * give it back each time; unless frames are scarce. Locked. */
static bool keeps_enough(const struct slab_cache *cache)
{
	return cache->partial.head.next != cache->partial.head.previous ||
	       physmem_free() < physmem_total() / SCARCE_PART;
}

/* Takes the first object back, and with it those behind it that are from the same slab: `given`.
 * Their slab, if that is to be given back; else NULL. Locked. */
static inline struct slab *objects_give(struct slab_cache *cache, void *const *objects,
                                        uint32_t count, uint32_t *given)
{
	struct slab *slab = slab_of(objects[0]);
	struct free_object *free = slab->free;
	uint32_t run = 0;
	if (slab->cache != cache) {
		ASSERT_SAYING(frame_is_heap(objects[0]),
		              "freeing what is not, or no longer, on the heap");
		panic("an object freed to a cache it is not from");
	}
	do {
		struct free_object *freed = objects[run];
		middle_check(slab, freed);
		ASSERT_SAYING(freed != free, "an object freed twice");
		junk_fill(slab, freed);
		freed->next = free;
		free = freed;
	} while (++run < count && slab_of(objects[run]) == slab);
	ASSERT_SAYING(run <= slab->used, "an object freed twice");
	slab->free = free;
	cache->objects -= run;
	if (slab->used == slab->capacity) {
		list_remove(&slab->link);
		list_prepend(&cache->partial, &slab->link);
	}
	slab->used -= run;
	*given = run;
	if (slab->used || !keeps_enough(cache))
		return NULL;
	list_remove(&slab->link);
	cache->slabs--;
	return slab;
}

void slab_free(struct slab_cache *cache, void *object)
{
	uint32_t given, flags = spin_lock_irq(&cache->lock);
	struct slab *superfluous = objects_give(cache, &object, 1, &given);
	spin_unlock_irq(&cache->lock, flags);
	if (superfluous)
		slab_give_back(superfluous);
}

void slab_free_many(struct slab_cache *cache, void *const *objects, uint32_t count)
{
	struct list superfluous = LIST_INIT(superfluous);
	struct list_link *link;
	uint32_t flags = spin_lock_irq(&cache->lock);
	for (uint32_t given; count > 0; objects += given, count -= given) {
		struct slab *slab = objects_give(cache, objects, count, &given);
		if (slab)
			list_append(&superfluous, &slab->link);
	}
	spin_unlock_irq(&cache->lock, flags);
	while ((link = list_pop(&superfluous)))
		slab_give_back(LIST_ENTRY(link, struct slab, link));
}

/* The first of size_caches with room for so many bytes. */
static struct slab_cache *cache_for(size_t bytes)
{
	if (bytes <= 16)
		return &size_caches[0];
	if (bytes > 1024)
		return &size_caches[SIZE_CACHES - 1];
	return &size_caches[WORD_BITS - __builtin_clz(bytes - 1) - 4];
}

void *kmalloc(size_t bytes)
{
	if (bytes <= HALF_SLAB)
		return slab_alloc(cache_for(bytes));
	ASSERT_SAYING(bytes <= PAGE_SIZE, "the heap has nothing larger than a page");
	if (failpoint_strikes())
		return NULL;
	uint32_t frame = heap_frame_take();
	return frame ? phys_to_virt(frame << PAGE_SHIFT) : NULL;
}

void *kmalloc_zeroed(size_t bytes)
{
	void *object = kmalloc(bytes);
	if (!object)
		return NULL;
	if (bytes <= HALF_SLAB)
		return memset(object, 0, bytes);
	page_clear(object);
	return object;
}

void kfree(void *object)
{
	if (!object)
		return;
	ASSERT_SAYING(frame_is_heap(object), "freeing what is not, or no longer, on the heap");
	if ((uintptr_t)object % PAGE_SIZE == 0)
		physmem_give(virt_to_phys(object) >> PAGE_SHIFT);
	else
		slab_free(slab_of(object)->cache, object);
}

void shrinker_register(uint32_t (*shrink)(uint32_t frames))
{
	ASSERT(shrinker_count < SHRINKERS_MAX);
	shrinkers[shrinker_count++] = shrink;
}

uint32_t shrinkers_run(uint32_t frames)
{
	uint32_t freed = 0;
	for (unsigned i = 0; i < shrinker_count && freed < frames; i++)
		freed += shrinkers[i](frames - freed);
	return freed;
}

void slab_for_each(void (*visit)(const struct slab_cache *, void *context), void *context)
{
	uint32_t flags = spin_lock_irq(&caches_lock);
	LIST_FOR(&caches, struct slab_cache, cache, link)
		visit(cache, context);
	spin_unlock_irq(&caches_lock, flags);
}
