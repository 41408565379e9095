/* SPDX-License-Identifier: MIT */
/*
 * Dentries: the names that were looked up, as a tree through their parents.
 *
 * Each refers to its parent and its inode, so a path can always be walked upward. An
 * unused dentry stays in the hash, oldest dropped first, so that a path is walked again
 * without reading directories. A name that was looked for and is not there is remembered the same
 * way, by a dentry without an inode, which hangs on its directory's and goes with it. The
 * directory's inode lock is held while a name is entered or removed, so the cache and the
 * directory agree. References are counted under fs_cache_lock.
 *
 * There is one unused dentry for every two frames of RAM at most. They are the page cache's like:
 * kept as long as nobody wants the memory, and given back when it is short (caches_give_back).
 *
 * A directory has one dentry at most, so the tree has no second way to anything, and who locks
 * from the root downward never meets a lock that it has. A disk that says otherwise is damaged: the
 * second name is refused as long as the first is known.
 */
#include <asm/errno.h>

#include "kernel/fs/fs.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/page.h"

#define UNUSED_LEAST 512u

static struct slab_cache dentry_slab = SLAB_CACHE("dentry", sizeof(struct dentry));
static struct dentry **buckets;
static uint32_t bucket_mask;
static uint32_t unused_max;
static struct list unused = LIST_INIT(unused);
static uint32_t unused_count;

void dentry_cache_init(void)
{
	uint32_t pages = 1;

	unused_max = physmem_total() / 2;
	if (unused_max < UNUSED_LEAST)
		unused_max = UNUSED_LEAST;
	while (pages * PAGE_SIZE / sizeof(struct dentry *) < unused_max)
		pages *= 2;
	buckets = physmem_boot_take(pages);
	bucket_mask = pages * PAGE_SIZE / sizeof(struct dentry *) - 1;
}

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
	struct dentry **place = &buckets[dentry->hash & bucket_mask];

	dentry->hash_next = *place;
	*place = dentry;
	dentry->hashed = true;
}

static void hash_remove(struct dentry *dentry)
{
	struct dentry **place = &buckets[dentry->hash & bucket_mask];

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

/* The dentry of this name, also of one that is absent. fs_cache_lock held. */
static struct dentry *hash_find(const struct dentry *parent, const char *name)
{
	uint32_t hash = name_hash(parent, name);
	struct dentry *dentry;

	for (dentry = buckets[hash & bucket_mask]; dentry; dentry = dentry->hash_next)
		if (dentry->hash == hash && dentry->parent == parent &&
		    strcmp(dentry->name, name) == 0)
			break;
	return dentry;
}

/* What is known of the name: 0 with a reference, -ENOENT that it is absent, -EAGAIN nothing. */
static int dentry_find(struct dentry *parent, const char *name, struct dentry **found)
{
	int error = -EAGAIN;

	spin_lock(&fs_cache_lock);
	struct dentry *dentry = hash_find(parent, name);
	if (dentry && dentry->inode) {
		dentry_use(dentry);
		error = 0;
	} else if (dentry) {
		list_remove(&dentry->link); /* the newest */
		list_append(&unused, &dentry->link);
		error = -ENOENT;
	}
	spin_unlock(&fs_cache_lock);
	*found = error ? NULL : dentry;
	return error;
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
	list_remove(&dentry->sibling);
	if (dentry->inode && dentry->inode->alias == dentry)
		dentry->inode->alias = NULL;
}

static void unused_remove(struct dentry *dentry)
{
	list_remove(&dentry->link);
	unused_count--;
}

/* Takes the absent names of a detached one out of the cache: no more can come. */
static void absent_free(struct dentry *directory)
{
	while (!list_empty(&directory->absent)) {
		spin_lock(&fs_cache_lock);
		struct list_link *first = list_first(&directory->absent);
		struct dentry *name = first ? LIST_ENTRY(first, struct dentry, sibling) : NULL;
		if (name) {
			unused_remove(name);
			dentry_detach(name);
		}
		spin_unlock(&fs_cache_lock);
		if (name) {
			kfree(name->name);
			slab_free(&dentry_slab, name);
		}
	}
}

/* Frees a detached one. Returns its parent, whose reference is now the caller's; NULL: there is
 * none. */
static struct dentry *dentry_free(struct dentry *dentry)
{
	struct dentry *parent = dentry->inode ? dentry->parent : NULL;

	absent_free(dentry);
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

/* Frees one that was taken from the unused ones, and those above it that have no other use. `put`
 * gives up an inode's reference. */
static void detached_free(struct dentry *dentry, void (*put)(struct inode *))
{
	do {
		if (dentry->inode)
			put(dentry->inode);
		dentry = dentry_free(dentry);
	} while (dentry && dentry_unuse(dentry));
}

/* Drops the oldest unused one; false if there is none. */
static bool oldest_drop(void (*put)(struct inode *))
{
	struct dentry *oldest = NULL;

	spin_lock(&fs_cache_lock);
	struct list_link *first = list_first(&unused);
	if (first) {
		oldest = LIST_ENTRY(first, struct dentry, link);
		unused_remove(oldest);
		dentry_detach(oldest);
	}
	spin_unlock(&fs_cache_lock);
	if (oldest)
		detached_free(oldest, put);
	return oldest;
}

void dentry_put(struct dentry *dentry)
{
	if (dentry && dentry_unuse(dentry))
		detached_free(dentry, inode_put);
	while (unused_count > unused_max && oldest_drop(inode_put))
		;
}

static struct file_system *file_system_of(const struct dentry *dentry)
{
	return dentry->inode ? dentry->inode->fs : dentry->parent->inode->fs;
}

/* Looks at the oldest unused one: drops it if it is of the file system, else it is the newest. */
static bool oldest_drop_of(struct file_system *fs)
{
	spin_lock(&fs_cache_lock);
	struct list_link *first = list_first(&unused);
	struct dentry *oldest = first ? LIST_ENTRY(first, struct dentry, link) : NULL;
	bool drop = oldest && file_system_of(oldest) == fs;
	if (drop) {
		unused_remove(oldest);
		dentry_detach(oldest);
	} else if (oldest) {
		list_remove(first);
		list_append(&unused, first);
	}
	spin_unlock(&fs_cache_lock);
	if (drop)
		detached_free(oldest, inode_put);
	return drop;
}

/* Once round the list, so that the others are in their order again; and again as long as
 * directories have become unused meanwhile. */
void dentry_shrink(struct file_system *fs)
{
	bool dropped;

	do {
		dropped = false;
		for (uint32_t left = unused_count; left; left--)
			dropped |= oldest_drop_of(fs);
	} while (dropped);
}

bool dentry_give_back(uint32_t most)
{
	while (most && oldest_drop(inode_put_unslept))
		most--;
	return !most;
}

uint32_t dentry_unused(void)
{
	return unused_count;
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
	list_link_init(&dentry->sibling);
	list_init(&dentry->absent);
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

/* 0 if the inode may be known by a name in the directory. One that is a directory and has a dentry
 * may not: -ELOOP if that would lead upward again, as Linux, else -EIO. fs_cache_lock held. */
static int second_name(const struct dentry *directory, const struct inode *inode)
{
	if (!S_ISDIR(inode->mode) || !inode->alias)
		return 0;
	while (directory && directory != inode->alias)
		directory = directory->parent;
	return directory ? -ELOOP : -EIO;
}

static int enter(struct dentry *dentry, struct dentry *directory, struct inode *inode)
{
	ASSERT(mutex_held(&directory->inode->lock));
	spin_lock(&fs_cache_lock);
	int error = second_name(directory, inode);
	if (!error) {
		directory->references++;
		dentry->parent = directory;
		dentry->inode = inode;
		dentry->hash = name_hash(directory, dentry->name);
		hash_insert(dentry);
		inode->alias = dentry;
	}
	spin_unlock(&fs_cache_lock);
	return error;
}

void dentry_enter(struct dentry *dentry, struct dentry *directory, struct inode *inode)
{
	int error = enter(dentry, directory, inode);

	ASSERT_SAYING(!error, "a new inode has a name already");
}

struct dentry *dentry_create_removed(struct dentry *directory, struct inode *inode)
{
	char name[16];

	snprintf(name, sizeof(name), "#%u", inode->number);
	struct dentry *dentry = dentry_prepare(name);
	if (!dentry) {
		inode_put(inode);
		return NULL;
	}
	dentry->inode = inode;
	dentry->parent = dentry_get(directory);
	return dentry;
}

static struct dentry *create_alone(struct inode *inode, const char *name)
{
	struct dentry *dentry = dentry_prepare(name);

	if (dentry)
		dentry->inode = inode;
	else
		inode_put(inode);
	return dentry;
}

struct dentry *dentry_create_root(struct inode *inode)
{
	struct dentry *dentry = create_alone(inode, NULL);

	if (dentry)
		inode->alias = dentry;
	return dentry;
}

struct dentry *dentry_create_nameless(struct inode *inode, const char *name)
{
	return create_alone(inode, name);
}

bool dentry_is_nameless(const struct dentry *dentry)
{
	return dentry->name && !dentry->parent;
}

/* Enters what the file system has found, and takes the inode's reference over; also if it fails. */
static int enter_found(struct dentry *directory, const char *name, struct inode *inode,
                       struct dentry **found)
{
	struct dentry *dentry = dentry_prepare(name);
	int error = dentry ? enter(dentry, directory, inode) : -ENOMEM;

	if (!error) {
		*found = dentry;
		return 0;
	}
	dentry_discard(dentry);
	if (error != -ENOMEM && inode->fs->ops->damaged)
		inode->fs->ops->damaged(inode->fs, "a directory has two names: inode",
		                        inode->number);
	inode_put(inode);
	return error;
}

/* Remembers that the (locked) directory has no such name, if there is memory for it. */
static void enter_absent(struct dentry *directory, const char *name)
{
	if (directory->inode->fs->type->names_change || strlen(name) >= NAME_SIZE)
		return;
	struct dentry *dentry = dentry_prepare(name);
	if (!dentry)
		return;
	dentry->references = 0;
	dentry->parent = directory;
	dentry->hash = name_hash(directory, name);
	spin_lock(&fs_cache_lock);
	hash_insert(dentry);
	list_append(&directory->absent, &dentry->sibling);
	list_append(&unused, &dentry->link);
	unused_count++;
	spin_unlock(&fs_cache_lock);
	while (unused_count > unused_max && oldest_drop(inode_put_unslept))
		;
}

void dentry_appears(struct dentry *directory, const char *name)
{
	ASSERT(mutex_held(&directory->inode->lock));
	spin_lock(&fs_cache_lock);
	struct dentry *dentry = hash_find(directory, name);
	bool absent = dentry && !dentry->inode;
	if (absent) {
		unused_remove(dentry);
		dentry_detach(dentry);
	}
	spin_unlock(&fs_cache_lock);
	if (absent)
		dentry_free(dentry);
}

/* The name is not in the cache. */
static int lookup_and_enter(struct dentry *directory, const char *name, struct dentry **found)
{
	struct inode *dir = directory->inode, *inode;
	int error = dir->ops->lookup(dir, name, &inode);

	if (error == -ENOENT)
		enter_absent(directory, name);
	return error ? error : enter_found(directory, name, inode, found);
}

int dentry_lookup_locked(struct dentry *directory, const char *name, struct dentry **found)
{
	ASSERT(mutex_held(&directory->inode->lock));
	int error = dentry_find(directory, name, found);
	return error == -EAGAIN ? lookup_and_enter(directory, name, found) : error;
}

int dentry_lookup_cached(struct dentry *directory, const char *name, struct dentry **found)
{
	return dentry_find(directory, name, found);
}

int dentry_lookup(struct dentry *directory, const char *name, struct dentry **found)
{
	if (!S_ISDIR(directory->inode->mode))
		return -ENOTDIR;
	int error = dentry_find(directory, name, found);
	if (error != -EAGAIN)
		return error;
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

/* Where it hangs, and by what name. fs_cache_lock held. */
static void dentry_rehash(struct dentry *dentry, struct dentry *parent, char *name)
{
	hash_remove(dentry);
	dentry->parent = parent;
	dentry->name = name;
	dentry->hash = name_hash(parent, name);
	hash_insert(dentry);
}

void dentry_move(struct dentry *dentry, struct dentry *parent, char *name)
{
	struct dentry *old_parent = dentry->parent;
	char *old_name = dentry->name;

	dentry_get(parent);
	spin_lock(&fs_cache_lock);
	dentry_rehash(dentry, parent, name);
	spin_unlock(&fs_cache_lock);
	kfree(old_name);
	dentry_put(old_parent);
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	struct dentry *parent = a->parent;
	char *name = a->name;

	/* Each takes over the other's reference on its parent. */
	spin_lock(&fs_cache_lock);
	dentry_rehash(a, b->parent, b->name);
	dentry_rehash(b, parent, name);
	spin_unlock(&fs_cache_lock);
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

	if (!__atomic_load_n(&dentry->mounted, __ATOMIC_ACQUIRE))
		return dentry; /* whatever is mounted there this moment comes later */
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

/* Puts the text in front of what stands in the buffer from *start on. 0, -ERANGE. */
static int put_in_front(char *to, size_t *start, const char *text)
{
	size_t length = strlen(text);

	if (length > *start)
		return -ERANGE;
	*start -= length;
	memcpy(to + *start, text, length);
	return 0;
}

/* Writes the path below `root` from its end to the front of the buffer; returns where it starts,
 * or -errno; of a removed name too if *removed is to tell it. fs_cache_lock held. */
static int path_backward(const struct dentry *dentry, const struct dentry *root, char *to,
                         size_t size, bool *removed)
{
	size_t start = size - 1;
	int error = 0;

	to[start] = '\0';
	while (dentry != root) {
		if (!dentry->parent && dentry->covers) {
			dentry = dentry->covers;
			continue;
		}
		if (!dentry->parent)
			break;
		if (!dentry->hashed && !removed)
			return -ENOENT;
		if (!dentry->hashed)
			*removed = true;
		error = put_in_front(to, &start, dentry->name);
		if (!error)
			error = put_in_front(to, &start, "/");
		if (error)
			return error;
		dentry = dentry->parent;
	}
	if (start == size - 1)
		error = put_in_front(to, &start, "/");
	if (!error && dentry != root)
		error = put_in_front(to, &start, "(unreachable)");
	return error ? error : (int)start;
}

static int path_write(struct dentry *dentry, char *to, size_t size, bool *removed)
{
	if (size < 2)
		return -ERANGE;
	if (dentry_is_nameless(dentry))
		return removed ? (int)strlcpy(to, dentry->name, size) : -ENOENT;
	struct dentry *root = vfs_root();
	spin_lock(&fs_cache_lock);
	int start = path_backward(dentry, root, to, size, removed);
	spin_unlock(&fs_cache_lock);
	dentry_put(root);
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

struct inode *dentry_watched_directory(struct dentry *dentry, char *name, bool *removed)
{
	struct inode *directory = NULL;

	spin_lock(&fs_cache_lock);
	if (dentry->parent && dentry->name && !list_empty(&dentry->parent->inode->watchers)) {
		directory = inode_get(dentry->parent->inode);
		strlcpy(name, dentry->name, NAME_SIZE);
		*removed = !dentry->hashed;
	}
	spin_unlock(&fs_cache_lock);
	return directory;
}

struct dentry *inode_known_name(struct inode *inode)
{
	spin_lock(&fs_cache_lock);
	struct dentry *dentry = inode->alias;
	if (dentry)
		dentry_use(dentry);
	spin_unlock(&fs_cache_lock);
	return dentry;
}
