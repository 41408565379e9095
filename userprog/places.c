/* SPDX-License-Identifier: MIT */
/* Directories that processes are at (places.h). */
#include "userprog/places.h"

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"

static struct slab_cache places_cache = SLAB_CACHE("places", sizeof(struct places));

struct places *places_create(struct dentry *cwd)
{
	struct places *places = slab_alloc_zeroed(&places_cache);
	if (!places)
		return NULL;
	places->references = 1;
	spinlock_init(&places->lock, "places");
	places->cwd = cwd;
	return places;
}

static struct dentry *place_of(struct places *places, struct dentry **place)
{
	spin_lock(&places->lock);
	struct dentry *dentry = *place ? dentry_get(*place) : NULL;
	spin_unlock(&places->lock);
	return dentry;
}

struct dentry *places_cwd(struct places *places)
{
	return place_of(places, &places->cwd);
}

struct dentry *places_root(struct places *places)
{
	return place_of(places, &places->root);
}

struct places *places_copy(struct places *from)
{
	struct dentry *cwd = places_cwd(from);
	struct places *places = places_create(cwd);
	if (!places) {
		dentry_put(cwd);
		return NULL;
	}
	places->root = places_root(from);
	places->umask = from->umask;
	return places;
}

struct places *places_get(struct places *places)
{
	__atomic_fetch_add(&places->references, 1, __ATOMIC_RELAXED);
	return places;
}

void places_put(struct places *places)
{
	if (__atomic_sub_fetch(&places->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	dentry_put(places->cwd);
	if (places->root)
		dentry_put(places->root);
	slab_free(&places_cache, places);
}

static void replace(struct places *places, struct dentry **place, struct dentry *dentry)
{
	spin_lock(&places->lock);
	struct dentry *old = *place;
	*place = dentry;
	spin_unlock(&places->lock);
	if (old)
		dentry_put(old);
}

void places_set_cwd(struct places *places, struct dentry *dentry)
{
	replace(places, &places->cwd, dentry);
}

void places_set_root(struct places *places, struct dentry *dentry)
{
	replace(places, &places->root, dentry);
}
