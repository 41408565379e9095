/* SPDX-License-Identifier: MIT */
/*
 * The kernel heap: caches of equal objects, each carved from single page frames.
 * An object never crosses a page. Objects are freed to the slab they came from, and an
 * empty slab goes back to physmem, but for one of each cache. In debug builds freed objects
 * are filled with junk.
 *
 * When physmem has nothing and the caller may sleep (thread_may_sleep()), the
 * registered shrinkers are asked, lowest layer's door to vm/evict, and it tries again;
 * otherwise, and if that brought nothing, NULL. Callers handle NULL.
 * Source: Bonwick, "The Slab Allocator", USENIX 1994.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "kernel/sync/spinlock.h"

struct slab_cache {
	const char *name;
	size_t size;              /* bytes an object, at most PAGE_SIZE / 4 for own caches */
	struct spinlock lock;     /* guards all below */
	struct list partial;      /* slabs with a free object */
	struct list full;
	uint32_t objects;         /* handed out now */
	uint32_t slabs;           /* frames held */
	struct list_link link;    /* all caches, for /proc/slabinfo */
};

/* Static definition: struct slab_cache anon_cache = SLAB_CACHE("anon", sizeof(struct anon)); */
#define SLAB_CACHE(name_, size_) {.name = (name_), .size = (size_)}

/* An object with undefined content, aligned to 8 bytes (16 if its size is a multiple
 * of 16); NULL if there is no memory. May sleep if the caller may. */
void *slab_alloc(struct slab_cache *);
void *slab_alloc_zeroed(struct slab_cache *);
void slab_free(struct slab_cache *, void *object);
/* Several at once, under one holding of the lock. alloc: as many as there is memory for, up to
 * `count`; their number. */
uint32_t slab_alloc_many(struct slab_cache *, void **objects, uint32_t count);
void slab_free_many(struct slab_cache *, void *const *objects, uint32_t count);

/* Sizes of 1 to PAGE_SIZE bytes, from caches by powers of two (a whole frame above
 * half a page, then page-aligned). */
void *kmalloc(size_t bytes);
void *kmalloc_zeroed(size_t bytes);
void kfree(void *); /* NULL is allowed */

/* Registers a function that tries to free at least `frames` frames to physmem and
 * returns how many it freed; it may sleep. */
void shrinker_register(uint32_t (*shrink)(uint32_t frames));
/* Asks the shrinkers. Returns frames freed. */
uint32_t shrinkers_run(uint32_t frames);

/* Calls visit for each cache that ever handed out an object. */
void slab_for_each(void (*visit)(const struct slab_cache *, void *context), void *context);
