/* SPDX-License-Identifier: MIT */
/*
 * tmpfs: files in memory. What is in them is shared memory, of which vm/shmem.h is in charge; here
 * are names, inodes and mounts. Names: the directory's inode lock; a name holds a reference to its
 * inode, so what has a name stays.
 *
 * A mounted tmpfs takes at most half of RAM and of swap for pages, and one inode for two pages of
 * RAM, or what mount(8)'s options say (tmpfs(5)). What an inode costs lies in the kernel's memory,
 * which cannot go to swap: so names, links and extended attributes count there, as on Linux.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fcntl.h>
#include <linux/magic.h>

#include "kernel/fs/fs.h"
#include "kernel/fs/text.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "lib/tree.h"
#include "vm/page.h"
#include "vm/shmem.h"
#include "vm/swap.h"

#define ROOT_MODE 01777u
#define INODE_BYTES 1024u /* what an inode counts, and each name but its first */

struct name {
	struct tree_node by_position; /* the directory's names; key: position */
	struct tree_node by_hash;     /* not in the tree if another of the same hash is */
	struct name *same_hash;       /* the next of those */
	struct inode *inode;          /* with a reference */
	char *text;
};

struct tmpfs_inode {
	struct inode inode;
	struct shmem shmem;           /* the content: inode.source's pages */
	struct tree names, hashes;    /* of a directory: each name by both keys; inode.lock */
	uint32_t last_position;
	struct inode *parent;         /* of a directory; no reference: it has us */
	char *target;                 /* of a symbolic link */
	struct list attributes;       /* xattr.c; inode.lock */
	struct list_link all_link;    /* every inode of the file system; fs_cache_lock */
};

/* What mount was told, or the rule; 0 pages or inodes: no limit. */
struct options {
	uint32_t pages, inodes, mode, uid, gid;
};

struct tmpfs {
	struct shmem_limit limit;     /* of pages */
	struct spinlock lock;
	uint64_t inode_bytes_max;     /* lock; 0: no limit */
	uint64_t inode_bytes;         /* lock */
	struct options told;          /* limits by the rule, and what mount was told of the root */
	uint32_t last_number;
	struct list inodes;           /* fs_cache_lock */
};

static struct slab_cache inode_slab = SLAB_CACHE("tmpfs_inode", sizeof(struct tmpfs_inode));
static struct slab_cache name_slab = SLAB_CACHE("tmpfs_name", sizeof(struct name));
static struct file_system *nameless_fs;

static const struct inode_ops tmpfs_inode_ops;

static struct tmpfs_inode *tmpfs_inode(struct inode *inode)
{
	return LIST_ENTRY(inode, struct tmpfs_inode, inode);
}

static struct tmpfs *tmpfs_of(struct inode *inode)
{
	return inode->fs->private;
}

/* --- pages ------------------------------------------------------------------------------ */

static const struct page_source_ops tmpfs_source_ops = {
	.read = shmem_read,
	.write = shmem_write,
	.prepare_write = shmem_prepare_write,
	.stored = shmem_stored,
	.get = inode_source_get,
	.put = inode_source_put,
	.describe = inode_source_describe,
};

static int tmpfs_truncate(struct inode *inode, uint64_t size)
{
	if (!inode->room_behind)
		shmem_truncate(inode->source.shmem, (size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	return 0;
}

static int tmpfs_run(struct inode *inode, uint32_t index, bool *has, uint32_t *pages)
{
	*has = shmem_run(inode->source.shmem, index, pages);
	return 0;
}

static int tmpfs_punch(struct inode *inode, uint32_t first, uint32_t end)
{
	return shmem_punch(inode->source.shmem, first, end);
}

static int tmpfs_reserve(struct inode *inode, uint32_t first, uint32_t end)
{
	uint32_t holes = 0, pages;

	for (; first < end; first += pages) {
		bool has = shmem_run(inode->source.shmem, first, &pages);

		if (pages > end - first)
			pages = end - first;
		holes += has ? 0 : pages;
	}
	return shmem_reserve(inode->source.shmem, holes);
}

static void tmpfs_reserve_end(struct inode *inode)
{
	shmem_reserve_end(inode->source.shmem);
}

/* --- inodes ----------------------------------------------------------------------------- */

static int tmpfs_iterate(struct file *, loff_t *,
                         bool (*)(void *, const char *, size_t, uint32_t, loff_t, uint32_t),
                         void *);
static const struct file_ops directory_ops = {.iterate = tmpfs_iterate};

/* Counts what inodes take more of the kernel's memory, or less. 0 or -ENOSPC. */
static int inode_bytes_add(struct tmpfs *tmpfs, int32_t more)
{
	int error = 0;

	spin_lock(&tmpfs->lock);
	if (more > 0 && tmpfs->inode_bytes_max &&
	    tmpfs->inode_bytes + (uint32_t)more > tmpfs->inode_bytes_max)
		error = -ENOSPC;
	else
		tmpfs->inode_bytes += (int64_t)more;
	spin_unlock(&tmpfs->lock);
	return error;
}

/* A new inode with one reference and one link, to be named in the directory (or NULL). 0, -ENOSPC,
 * -ENOMEM. */
static int inode_new(struct file_system *fs, const struct inode *dir, uint32_t mode,
                     struct tmpfs_inode **made)
{
	struct tmpfs *tmpfs = fs->private;
	int error = inode_bytes_add(tmpfs, INODE_BYTES);

	if (error)
		return error;
	struct tmpfs_inode *file = slab_alloc_zeroed(&inode_slab);
	if (!file) {
		inode_bytes_add(tmpfs, -(int32_t)INODE_BYTES);
		return -ENOMEM;
	}
	struct inode *inode = &file->inode;
	inode_init(inode, fs, &tmpfs_inode_ops, &tmpfs_source_ops, mode);
	inode_own(inode, dir);
	shmem_begin(&file->shmem, &inode->source, &tmpfs->limit);
	inode->seals = F_SEAL_SEAL; /* but for what memfd_create(2) makes to be sealed */
	inode->number = __atomic_add_fetch(&tmpfs->last_number, 1, __ATOMIC_RELAXED);
	inode->private = file;
	inode->file_ops = S_ISREG(mode) ? &regular_file_ops
	                : S_ISDIR(mode) ? &directory_ops
	                                : inode_special_ops(mode);
	list_init(&file->attributes);
	spin_lock(&fs_cache_lock);
	list_append(&tmpfs->inodes, &file->all_link);
	spin_unlock(&fs_cache_lock);
	*made = file;
	return 0;
}

static void tmpfs_release(struct inode *inode)
{
	struct tmpfs_inode *file = tmpfs_inode(inode);

	inode->source.size = 0;
	shmem_end(&file->shmem);
	spin_lock(&fs_cache_lock);
	list_remove(&file->all_link);
	spin_unlock(&fs_cache_lock);
	inode_bytes_add(tmpfs_of(inode), -(int32_t)(INODE_BYTES + inode->attribute_bytes));
	attribute_list_free(&file->attributes);
	kfree(file->target);
	slab_free(&inode_slab, file);
}

int tmpfs_open_nameless(const char *name, uint64_t size, struct file **opened)
{
	struct tmpfs_inode *file;

	if (inode_new(nameless_fs, NULL, S_IFREG | 0600, &file))
		return -ENOMEM;
	file->inode.links = 0;
	file->inode.source.size = size;
	struct dentry *dentry = dentry_create_nameless(&file->inode, name);
	if (!dentry)
		return -ENOMEM;
	int error = shmem_promise(&file->shmem, (size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (!error)
		error = file_open_dentry(dentry, O_RDWR | O_LARGEFILE, opened);
	dentry_put(dentry);
	return error;
}

/* --- names ------------------------------------------------------------------------------ */

/* FNV-1a. */
static uint32_t text_hash(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

static struct name *of_hash(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct name, by_hash) : NULL;
}

static struct name *of_position(struct tree_node *node)
{
	return node ? TREE_ENTRY(node, struct name, by_position) : NULL;
}

static bool is_empty(const struct inode *dir)
{
	return !LIST_ENTRY(dir, struct tmpfs_inode, inode)->names.root;
}

static struct name *name_find(struct inode *dir, const char *text)
{
	struct name *name = of_hash(tree_find(&tmpfs_inode(dir)->hashes, text_hash(text)));

	while (name && strcmp(name->text, text) != 0)
		name = name->same_hash;
	return name;
}

/* Enters the name by its hash: in front of those that have the same. */
static void hash_enter(struct tmpfs_inode *directory, struct name *name)
{
	name->by_hash.key = text_hash(name->text);
	name->same_hash = NULL;
	if (tree_insert(&directory->hashes, &name->by_hash))
		return;
	struct name *first = of_hash(tree_find(&directory->hashes, name->by_hash.key));
	name->same_hash = first->same_hash;
	first->same_hash = name;
}

static void hash_leave(struct tmpfs_inode *directory, struct name *name)
{
	struct name *first = of_hash(tree_find(&directory->hashes, name->by_hash.key));

	if (first != name) {
		while (first->same_hash != name)
			first = first->same_hash;
		first->same_hash = name->same_hash;
		return;
	}
	tree_remove(&directory->hashes, &name->by_hash);
	if (name->same_hash)
		tree_insert(&directory->hashes, &name->same_hash->by_hash);
}

/* Enters a name for the inode, whose reference it takes over. */
static int name_add(struct inode *dir, const char *text, struct inode *inode)
{
	struct tmpfs_inode *directory = tmpfs_inode(dir);
	struct name *name = slab_alloc(&name_slab);
	char *copy = kmalloc(strlen(text) + 1);

	if (!name || !copy) {
		if (name)
			slab_free(&name_slab, name);
		kfree(copy);
		return -ENOMEM;
	}
	strcpy(copy, text);
	name->text = copy;
	name->inode = inode;
	name->by_position.key = ++directory->last_position;
	tree_insert(&directory->names, &name->by_position);
	hash_enter(directory, name);
	dir->mtime = dir->ctime = inode_now(dir);
	return 0;
}

/* Removes the name; its reference is the caller's. */
static void name_remove(struct inode *dir, const char *text)
{
	struct tmpfs_inode *directory = tmpfs_inode(dir);
	struct name *name = name_find(dir, text);

	tree_remove(&directory->names, &name->by_position);
	hash_leave(directory, name);
	kfree(name->text);
	slab_free(&name_slab, name);
	dir->mtime = dir->ctime = inode_now(dir);
}

static int tmpfs_lookup(struct inode *dir, const char *text, struct inode **found)
{
	struct name *name = name_find(dir, text);

	if (!name)
		return -ENOENT;
	*found = inode_get(name->inode);
	return 0;
}

/* Names the new inode: the name holds its reference. */
static int name_new(struct inode *dir, const char *text, struct tmpfs_inode *file)
{
	int error = strlen(text) >= NAME_SIZE ? -ENAMETOOLONG : name_add(dir, text, &file->inode);

	if (error) {
		file->inode.links = 0;
		inode_put(&file->inode);
		return error;
	}
	if (S_ISDIR(file->inode.mode)) {
		file->parent = dir;
		file->inode.links = 2;
		dir->links++;
	}
	return 0;
}

static int tmpfs_create(struct inode *dir, const char *text, uint32_t mode, uint32_t device,
                        struct inode **made)
{
	struct tmpfs_inode *file;
	int error = inode_new(dir->fs, dir, mode, &file);

	if (error)
		return error;
	file->inode.device = device;
	error = name_new(dir, text, file);
	if (!error)
		*made = inode_get(&file->inode);
	return error;
}

static int tmpfs_create_unnamed(struct inode *dir, uint32_t mode, struct inode **made)
{
	struct tmpfs_inode *file;
	int error = inode_new(dir->fs, dir, mode, &file);

	if (error)
		return error;
	file->inode.links = 0;
	*made = &file->inode;
	return 0;
}

static int tmpfs_symlink(struct inode *dir, const char *text, const char *target)
{
	struct tmpfs_inode *file;
	size_t length = strlen(target);
	int error = inode_new(dir->fs, dir, S_IFLNK | 0777, &file);

	if (error)
		return error;
	file->target = length < PATH_SIZE ? kmalloc(length + 1) : NULL;
	if (!file->target) {
		file->inode.links = 0;
		inode_put(&file->inode);
		return length < PATH_SIZE ? -ENOMEM : -ENAMETOOLONG;
	}
	strcpy(file->target, target);
	file->inode.source.size = length;
	return name_new(dir, text, file);
}

static int tmpfs_readlink(struct inode *inode, char *to, size_t size)
{
	size_t length = inode->source.size < size ? inode->source.size : size;

	memcpy(to, tmpfs_inode(inode)->target, length);
	return length;
}

static int tmpfs_link(struct inode *dir, const char *text, struct inode *target)
{
	uint32_t bytes = target->links ? INODE_BYTES : 0; /* 0: O_TMPFILE's gets its first */
	int error = inode_bytes_add(tmpfs_of(dir), bytes);

	if (error)
		return error;
	error = name_add(dir, text, target);
	if (error) {
		inode_bytes_add(tmpfs_of(dir), -(int32_t)bytes);
		return error;
	}
	inode_get(target);
	target->links++;
	target->ctime = inode_now(target);
	return 0;
}

/* A file, not a directory, has a name fewer. */
static void link_drop(struct inode *target)
{
	if (--target->links > 0)
		inode_bytes_add(tmpfs_of(target), -(int32_t)INODE_BYTES);
}

static int tmpfs_unlink(struct inode *dir, const char *text, struct inode *target)
{
	name_remove(dir, text);
	link_drop(target);
	target->ctime = inode_now(target);
	inode_put(target); /* the name's; the caller has one */
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, const char *text, struct inode *target)
{
	if (!is_empty(target))
		return -ENOTEMPTY;
	name_remove(dir, text);
	target->links = 0;
	dir->links--;
	inode_put(target);
	return 0;
}

/* The directory `dir`, whose name is now in `to`, hangs there. */
static void move_parent(struct inode *dir, struct inode *from, struct inode *to)
{
	if (!S_ISDIR(dir->mode))
		return;
	tmpfs_inode(dir)->parent = to;
	from->links--;
	to->links++;
}

static int tmpfs_rename(struct inode *from, const char *text, struct inode *to,
                        const char *new_text, struct inode *moved, struct inode *replaced)
{
	bool directory = S_ISDIR(moved->mode);
	int error = 0;

	if (replaced && directory && !is_empty(replaced))
		return -ENOTEMPTY;
	if (replaced) {
		name_find(to, new_text)->inode = moved;
		to->mtime = to->ctime = inode_now(to);
	} else {
		error = name_add(to, new_text, moved);
	}
	if (error)
		return error;
	name_remove(from, text); /* its reference is the new name's now */
	if (replaced) {
		if (directory)
			replaced->links = 0;
		else
			link_drop(replaced);
		to->links -= directory;
		inode_put(replaced);
	}
	move_parent(moved, from, to);
	moved->ctime = inode_now(moved);
	return 0;
}

static int tmpfs_exchange(struct inode *from, const char *text, struct inode *to,
                          const char *new_text, struct inode *moved, struct inode *other)
{
	struct name *name = name_find(from, text), *new_name = name_find(to, new_text);

	name->inode = other;
	new_name->inode = moved;
	move_parent(moved, from, to);
	move_parent(other, to, from);
	from->mtime = from->ctime = inode_now(from);
	to->mtime = to->ctime = inode_now(to);
	moved->ctime = inode_now(moved);
	other->ctime = inode_now(other);
	return 0;
}

/* Positions: 0 ".", 1 "..", then 2 + that of the name before. */
static int tmpfs_iterate(struct file *file, loff_t *position,
                         bool (*emit)(void *, const char *, size_t, uint32_t, loff_t, uint32_t),
                         void *context)
{
	struct inode *dir = file->inode;
	struct tmpfs_inode *directory = tmpfs_inode(dir);
	struct inode *parent = directory->parent ? directory->parent : dir;

	SCOPED_MUTEX(&dir->lock);
	if (*position == 0) {
		if (!emit(context, ".", 1, dir->number, 1, S_IFDIR >> 12))
			return 0;
		*position = 1;
	}
	if (*position == 1) {
		if (!emit(context, "..", 2, parent->number, 2, S_IFDIR >> 12))
			return 0;
		*position = 2;
	}
	if (*position > UINT32_MAX)
		return 0;
	struct name *name = of_position(tree_ceiling(&directory->names, *position - 1));
	for (; name; name = of_position(tree_next(&name->by_position))) {
		loff_t next = (loff_t)name->by_position.key + 2;

		if (!emit(context, name->text, strlen(name->text), name->inode->number, next,
		          (name->inode->mode & S_IFMT) >> 12))
			return 0;
		*position = next;
	}
	return 0;
}

static int tmpfs_attributes(struct inode *inode, struct list **list)
{
	*list = &tmpfs_inode(inode)->attributes;
	return 0;
}

/* All of an inode's take at most a page together, as those of ext2 have a block. */
static int tmpfs_attributes_changed(struct inode *inode, int32_t more)
{
	if (more > 0 && attribute_list_bytes(&tmpfs_inode(inode)->attributes) > PAGE_SIZE)
		return -ENOSPC;
	int error = inode_bytes_add(tmpfs_of(inode), more);

	if (!error)
		inode->attribute_bytes += (uint32_t)more;
	return error;
}

static const struct inode_ops tmpfs_inode_ops = {
	.lookup = tmpfs_lookup,
	.create = tmpfs_create,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.exchange = tmpfs_exchange,
	.create_nameless = tmpfs_create_unnamed,
	.readlink = tmpfs_readlink,
	.truncate = tmpfs_truncate,
	.run = tmpfs_run,
	.punch = tmpfs_punch,
	.reserve = tmpfs_reserve,
	.reserve_end = tmpfs_reserve_end,
	.attributes = tmpfs_attributes,
	.attributes_changed = tmpfs_attributes_changed,
	.release = tmpfs_release,
};

/* --- mounts ----------------------------------------------------------------------------- */

static int tmpfs_statfs(struct file_system *fs, struct statfs64 *to)
{
	struct tmpfs *tmpfs = fs->private;

	to->f_type = TMPFS_MAGIC;
	if (tmpfs->limit.most) {
		to->f_blocks = tmpfs->limit.most;
		to->f_bfree = to->f_bavail = tmpfs->limit.most - tmpfs->limit.pages;
	}
	if (tmpfs->inode_bytes_max) {
		to->f_files = tmpfs->inode_bytes_max / INODE_BYTES;
		to->f_ffree = (tmpfs->inode_bytes_max - tmpfs->inode_bytes) / INODE_BYTES;
	}
	return 0;
}

/* Whether an inode is in use besides its names. */
static bool is_busy(struct file_system *fs)
{
	bool busy = false;

	spin_lock(&fs_cache_lock);
	LIST_FOR(&((struct tmpfs *)fs->private)->inodes, struct tmpfs_inode, file, all_link) {
		struct inode *inode = &file->inode;
		uint32_t names = S_ISDIR(inode->mode) ? 1 : inode->links;

		if (inode != fs->root->inode && inode->references > names)
			busy = true;
	}
	spin_unlock(&fs_cache_lock);
	return busy;
}

/* Removes all names, the deepest first. Not by recursion: a program may have made the tree
 * deeper than the stack. */
static void tree_empty(struct inode *root)
{
	struct inode *dir = root;

	for (;;) {
		struct name *name = of_position(tree_first(&tmpfs_inode(dir)->names));
		struct inode *inode;

		if (!name) {
			if (dir == root)
				return;
			/* Now empty: marked, so that its parent drops it. */
			dir->links = 0;
			dir = tmpfs_inode(dir)->parent;
			continue;
		}
		inode = name->inode;
		if (S_ISDIR(inode->mode) && inode->links) {
			dir = inode;
			continue;
		}
		if (inode->links)
			inode->links--;
		name_remove(dir, name->text);
		inode_put(inode);
	}
}

static int tmpfs_unmount(struct file_system *fs)
{
	struct tmpfs *tmpfs = fs->private;

	shmem_limit_close(&tmpfs->limit, true);
	if (is_busy(fs)) {
		shmem_limit_close(&tmpfs->limit, false);
		return -EBUSY;
	}
	tree_empty(fs->root->inode);
	return 0;
}

/* What is not by the rule. */
static void tmpfs_show_options(struct file_system *fs, struct text *text)
{
	struct tmpfs *tmpfs = fs->private;
	uint32_t inodes = tmpfs->inode_bytes_max / INODE_BYTES;

	if (tmpfs->limit.most != tmpfs->told.pages)
		text_print(text, ",size=%uk", tmpfs->limit.most * (PAGE_SIZE / 1024));
	if (inodes != tmpfs->told.inodes)
		text_print(text, ",nr_inodes=%u", inodes);
	if (tmpfs->told.mode != ROOT_MODE)
		text_print(text, ",mode=%03o", tmpfs->told.mode);
	if (tmpfs->told.uid)
		text_print(text, ",uid=%u", tmpfs->told.uid);
	if (tmpfs->told.gid)
		text_print(text, ",gid=%u", tmpfs->told.gid);
}

static int tmpfs_remount(struct file_system *, bool, const char *);
static const struct file_system_ops tmpfs_ops = {
	.remount = tmpfs_remount,
	.statfs = tmpfs_statfs,
	.unmount = tmpfs_unmount,
	.show_options = tmpfs_show_options,
};

static int tmpfs_start(struct file_system *fs, const struct options *options,
                       const struct options *rule)
{
	struct tmpfs *tmpfs = kmalloc_zeroed(sizeof(*tmpfs));

	if (!tmpfs)
		return -ENOMEM;
	spinlock_init(&tmpfs->lock, "tmpfs");
	tmpfs->limit.most = options->pages;
	tmpfs->inode_bytes_max = (uint64_t)options->inodes * INODE_BYTES;
	tmpfs->told = *options;
	tmpfs->told.pages = rule->pages;
	tmpfs->told.inodes = rule->inodes;
	list_init(&tmpfs->inodes);
	fs->private = tmpfs;
	fs->ops = &tmpfs_ops;
	return 0;
}

/* A number, with a suffix for units of 1,024. */
static uint64_t number_parse(const char *text, char **end)
{
	uint64_t number = strtoul(text, end, 10);

	switch (**end | 0x20) {
	case 'g':
		number <<= 10; /* and on */
		/* fallthrough */
	case 'm':
		number <<= 10;
		/* fallthrough */
	case 'k':
		number <<= 10;
		++*end;
	}
	return number;
}

static uint32_t at_most_u32(uint64_t number)
{
	return number < UINT32_MAX ? number : UINT32_MAX;
}

/* A size in bytes, or in percents of RAM, as pages. */
static uint32_t size_parse(const char *text, char **end)
{
	uint64_t bytes = number_parse(text, end);

	if (**end == '%') {
		bytes = ((uint64_t)physmem_total() << PAGE_SHIFT) / 100 * bytes;
		++*end;
	}
	return at_most_u32((bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

enum option { SIZE, NR_BLOCKS, NR_INODES, MODE, UID, GID, OPTION_COUNT };

static const char *const option_names[OPTION_COUNT] = {
	[SIZE] = "size=", [NR_BLOCKS] = "nr_blocks=", [NR_INODES] = "nr_inodes=",
	[MODE] = "mode=", [UID] = "uid=",             [GID] = "gid=",
};

static void option_parse(enum option option, const char *value, char **end, struct options *options)
{
	switch (option) {
	case SIZE:
		options->pages = size_parse(value, end);
		break;
	case NR_BLOCKS:
		options->pages = at_most_u32(number_parse(value, end));
		break;
	case NR_INODES:
		options->inodes = at_most_u32(number_parse(value, end));
		break;
	case MODE:
		options->mode = strtoul(value, end, 8) & 07777;
		break;
	case UID:
		options->uid = strtoul(value, end, 10);
		break;
	default:
		options->gid = strtoul(value, end, 10);
		break;
	}
}

/* "size=64k,mode=700". -EINVAL for what it does not know. */
static int options_parse(const char *text, struct options *options)
{
	while (text && *text) {
		enum option option = 0;
		if (*text == ',') {
			text++;
			continue;
		}
		while (option < OPTION_COUNT &&
		       strncmp(text, option_names[option], strlen(option_names[option])) != 0)
			option++;
		if (option == OPTION_COUNT)
			return -EINVAL;
		const char *value = text + strlen(option_names[option]);
		char *end;
		if (*value < '0' || *value > '9')
			return -EINVAL;
		option_parse(option, value, &end, options);
		if (end == value || (*end && *end != ','))
			return -EINVAL;
		text = end;
	}
	return 0;
}

/* Its limits may change. The root's mode and owner stay, whatever is said. */
static int tmpfs_remount(struct file_system *fs, bool read_only, const char *text)
{
	struct tmpfs *tmpfs = fs->private;
	struct options options = {.pages = tmpfs->limit.most,
	                          .inodes = tmpfs->inode_bytes_max / INODE_BYTES};
	int error = options_parse(text, &options);
	uint64_t bytes = (uint64_t)options.inodes * INODE_BYTES;

	(void)read_only;
	if (error)
		return error;
	spin_lock(&tmpfs->lock); /* both, or neither */
	if (limit_may_change(tmpfs->inode_bytes_max, bytes, tmpfs->inode_bytes))
		error = shmem_limit_set(&tmpfs->limit, options.pages);
	else
		error = -EINVAL;
	if (!error)
		tmpfs->inode_bytes_max = bytes;
	spin_unlock(&tmpfs->lock);
	return error;
}

static int tmpfs_mount(struct file_system *fs, struct inode **root)
{
	const struct options rule = {physmem_total() / 2 + swap_total() / 2, physmem_total() / 2,
	                             ROOT_MODE, rights_caller()->fsuid, rights_caller()->fsgid};
	struct options options = rule;
	struct tmpfs_inode *directory;
	int error = options_parse(fs->options, &options);

	if (!error)
		error = tmpfs_start(fs, &options, &rule);
	if (!error)
		error = inode_new(fs, NULL, S_IFDIR | options.mode, &directory);
	if (error)
		return error;
	directory->inode.links = 2;
	directory->inode.uid = options.uid;
	directory->inode.gid = options.gid;
	*root = &directory->inode;
	return 0;
}

int tmpfs_init(void)
{
	const struct options unlimited = {0};

	nameless_fs = file_system_create(&tmpfs_type, "nameless");
	return nameless_fs ? tmpfs_start(nameless_fs, &unlimited, &unlimited) : -ENOMEM;
}

const struct file_system_type tmpfs_type = {.name = "tmpfs", .mount = tmpfs_mount};
/* The same with device nodes in it (devfs.c). */
const struct file_system_type devtmpfs_type = {.name = "devtmpfs", .mount = tmpfs_mount};
