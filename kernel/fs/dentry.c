/* SPDX-License-Identifier: MIT */
/*
 * Dentries: the names that were looked up, as a tree through their parents.
 *
 * Each refers to its parent and its inode, so a path can always be walked upward. An
 * unused dentry stays in the hash, oldest dropped first, so that a path is walked again
 * without reading directories. Names that do not exist are not remembered. The directory's
 * inode lock is held while a name is entered or removed, so the cache and the directory
 * agree. References are counted under fs_cache_lock.
 */
#include <asm/errno.h>

#include "kernel/fs/fs.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "lib/string.h"

#define BUCKETS 256
#define UNUSED_MAX 512

static struct slab_cache dentry_slab = SLAB_CACHE("dentry", sizeof(struct dentry));
static struct dentry *buckets[BUCKETS];
static struct list unused = LIST_INIT(unused);
static uint32_t unused_count;

/* FNV-1a, over the name and the parent's address. */
static uint32_t name_hash(const struct dentry *parent, const char *name)
{
	uint32_t hash = 2166136261u ^ (uintptr_t)parent >> 4;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

static void hash_insert(struct dentry *dentry)
{
	struct dentry **place = &buckets[dentry->hash % BUCKETS];

	dentry->hash_next = *place;
	*place = dentry;
	dentry->hashed = true;
}

static void hash_remove(struct dentry *dentry)
{
	struct dentry **place = &buckets[dentry->hash % BUCKETS];

	if (!dentry->hashed)
		return;
	while (*place != dentry)
		place = &(*place)->hash_next;
	*place = dentry->hash_next;
	dentry->hashed = false;
}

static void dentry_use(struct dentry *dentry)
{
	if (dentry->references++ == 0) {
		list_remove(&dentry->link);
		unused_count--;
	}
}

static struct dentry *dentry_find(struct dentry *parent, const char *name)
{
	uint32_t hash = name_hash(parent, name);
	struct dentry *dentry;

	spin_lock(&fs_cache_lock);
	for (dentry = buckets[hash % BUCKETS]; dentry; dentry = dentry->hash_next)
		if (dentry->hash == hash && dentry->parent == parent &&
		    strcmp(dentry->name, name) == 0)
			break;
	if (dentry)
		dentry_use(dentry);
	spin_unlock(&fs_cache_lock);
	return dentry;
}

struct dentry *dentry_get(struct dentry *dentry)
{
	spin_lock(&fs_cache_lock);
	ASSERT_SAYING(dentry->references, "a reference comes from one that exists");
	dentry->references++;
	spin_unlock(&fs_cache_lock);
	return dentry;
}

/* Nobody refers to it: takes it out of the cache. fs_cache_lock held. */
static void dentry_detach(struct dentry *dentry)
{
	hash_remove(dentry);
	if (dentry->inode->alias == dentry)
		dentry->inode->alias = NULL;
}

/* Frees a detached one. Returns its parent, whose reference is now the caller's. */
static struct dentry *dentry_free(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent;

	kfree(dentry->name);
	slab_free(&dentry_slab, dentry);
	return parent;
}

/* Gives up a reference. True if the dentry is to be freed: it is detached then. */
static bool dentry_unuse(struct dentry *dentry)
{
	bool keep, last;

	spin_lock(&fs_cache_lock);
	ASSERT_SAYING(dentry->references, "a dentry is put that nobody has");
	last = --dentry->references == 0;
	keep = dentry->hashed && !dentry->inode->fs->type->names_change;
	if (last && keep) {
		list_append(&unused, &dentry->link);
		unused_count++;
	} else if (last) {
		dentry_detach(dentry);
	}
	spin_unlock(&fs_cache_lock);
	return last && !keep;
}

/* Drops the oldest unused one (of the file system); false if there is none. `put` gives up
 * the inode's reference. */
static bool unused_drop(struct file_system *fs, void (*put)(struct inode *))
{
	struct dentry *oldest = NULL;

	spin_lock(&fs_cache_lock);
	LIST_FOR(&unused, struct dentry, dentry, link) {
		if (fs && dentry->inode->fs != fs)
			continue;
		oldest = dentry;
		break;
	}
	if (oldest) {
		list_remove(&oldest->link);
		unused_count--;
		dentry_detach(oldest);
	}
	spin_unlock(&fs_cache_lock);
	while (oldest) {
		put(oldest->inode);
		oldest = dentry_free(oldest);
		if (!oldest || !dentry_unuse(oldest))
			return true;
	}
	return false;
}

void dentry_put(struct dentry *dentry)
{
	while (dentry && dentry_unuse(dentry)) {
		inode_put(dentry->inode);
		dentry = dentry_free(dentry);
	}
	while (unused_count > UNUSED_MAX && unused_drop(NULL, inode_put))
		;
}

void dentry_shrink(struct file_system *fs)
{
	while (unused_drop(fs, fs ? inode_put : inode_put_unslept))
		;
}

struct inode *dentry_inode(struct dentry *dentry)
{
	return dentry->inode;
}

struct dentry *dentry_prepare(const char *name)
{
	struct dentry *dentry = slab_alloc_zeroed(&dentry_slab);

	if (!dentry)
		return NULL;
	dentry->references = 1;
	list_link_init(&dentry->link);
	if (!name)
		return dentry;
	dentry->name = kmalloc(strlen(name) + 1);
	if (!dentry->name) {
		slab_free(&dentry_slab, dentry);
		return NULL;
	}
	strcpy(dentry->name, name);
	return dentry;
}

void dentry_discard(struct dentry *dentry)
{
	if (dentry)
		dentry_free(dentry);
}

void dentry_enter(struct dentry *dentry, struct dentry *directory, struct inode *inode)
{
	ASSERT(mutex_held(&directory->inode->lock));
	dentry->parent = dentry_get(directory);
	dentry->inode = inode;
	dentry->hash = name_hash(directory, dentry->name);
	spin_lock(&fs_cache_lock);
	hash_insert(dentry);
	inode->alias = dentry;
	spin_unlock(&fs_cache_lock);
}

struct dentry *dentry_create_root(struct inode *inode)
{
	struct dentry *dentry = dentry_prepare(NULL);

	if (dentry)
		dentry->inode = inode;
	else
		inode_put(inode);
	return dentry;
}

int dentry_lookup_locked(struct dentry *directory, const char *name, struct dentry **found)
{
	struct inode *dir = directory->inode, *inode;

	ASSERT(mutex_held(&dir->lock));
	*found = dentry_find(directory, name);
	if (*found)
		return 0;
	int error = dir->ops->lookup(dir, name, &inode);
	if (error)
		return error;
	struct dentry *dentry = dentry_prepare(name);
	if (!dentry) {
		inode_put(inode);
		return -ENOMEM;
	}
	dentry_enter(dentry, directory, inode);
	*found = dentry;
	return 0;
}

int dentry_lookup(struct dentry *directory, const char *name, struct dentry **found)
{
	if (!S_ISDIR(directory->inode->mode))
		return -ENOTDIR;
	*found = dentry_find(directory, name);
	if (*found)
		return 0;
	SCOPED_MUTEX(&directory->inode->lock);
	return dentry_lookup_locked(directory, name, found);
}

void dentry_remove(struct dentry *dentry)
{
	spin_lock(&fs_cache_lock);
	hash_remove(dentry);
	if (dentry->inode->alias == dentry)
		dentry->inode->alias = NULL;
	spin_unlock(&fs_cache_lock);
}

void dentry_move(struct dentry *dentry, struct dentry *parent, char *name)
{
	struct dentry *old_parent = dentry->parent;
	char *old_name = dentry->name;

	dentry_get(parent);
	spin_lock(&fs_cache_lock);
	hash_remove(dentry);
	dentry->parent = parent;
	dentry->name = name;
	dentry->hash = name_hash(parent, name);
	hash_insert(dentry);
	spin_unlock(&fs_cache_lock);
	kfree(old_name);
	dentry_put(old_parent);
}

bool dentry_is_above(struct dentry *above, struct dentry *below)
{
	spin_lock(&fs_cache_lock);
	while (below && below != above)
		below = below->parent;
	spin_unlock(&fs_cache_lock);
	return below != NULL;
}

struct dentry *dentry_parent(struct dentry *dentry)
{
	struct dentry *place = dentry, *parent;

	spin_lock(&fs_cache_lock);
	while (!place->parent && place->covers)
		place = place->covers;
	parent = place->parent ? place->parent : place;
	dentry_use(parent);
	spin_unlock(&fs_cache_lock);
	dentry_put(dentry);
	return parent;
}

struct dentry *dentry_mounted(struct dentry *dentry)
{
	struct dentry *top = dentry;

	spin_lock(&fs_cache_lock);
	while (top->mounted)
		top = top->mounted;
	if (top != dentry)
		dentry_use(top);
	spin_unlock(&fs_cache_lock);
	if (top != dentry)
		dentry_put(dentry);
	return top;
}

/* --- paths ------------------------------------------------------------------------------ */

/* Writes the path from its end to the front of the buffer; returns where it starts, or
 * -errno; of a removed name too if *removed is to tell it. fs_cache_lock held. */
static int path_backward(const struct dentry *dentry, char *to, size_t size, bool *removed)
{
	size_t start = size - 1;

	to[start] = '\0';
	for (;;) {
		while (!dentry->parent && dentry->covers)
			dentry = dentry->covers;
		if (!dentry->parent)
			break;
		if (!dentry->hashed && !removed)
			return -ENOENT;
		if (!dentry->hashed)
			*removed = true;
		size_t length = strlen(dentry->name);
		if (length + 1 > start)
			return -ERANGE;
		start -= length;
		memcpy(to + start, dentry->name, length);
		to[--start] = '/';
		dentry = dentry->parent;
	}
	if (start == size - 1) {
		if (start == 0)
			return -ERANGE;
		to[--start] = '/';
	}
	return start;
}

static int path_write(struct dentry *dentry, char *to, size_t size, bool *removed)
{
	if (size < 2)
		return -ERANGE;
	spin_lock(&fs_cache_lock);
	int start = path_backward(dentry, to, size, removed);
	spin_unlock(&fs_cache_lock);
	if (start < 0)
		return start;
	memmove(to, to + start, size - start);
	return size - 1 - start;
}

int dentry_path(struct dentry *dentry, char *to, size_t size)
{
	return path_write(dentry, to, size, NULL);
}

int dentry_path_shown(struct dentry *dentry, char *to, size_t size)
{
	static const char deleted[] = " (deleted)";
	bool removed = false;
	int length = path_write(dentry, to, size, &removed);

	if (length < 0 || !removed)
		return length;
	if (length + sizeof(deleted) > size)
		return -ERANGE;
	strcpy(to + length, deleted);
	return length + sizeof(deleted) - 1;
}
