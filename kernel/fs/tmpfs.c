/* SPDX-License-Identifier: MIT */
/*
 * tmpfs: files in memory. Their pages are in the page cache and nowhere else, until memory
 * is short: then a page goes to a swap slot, which is noted here.
 *
 *   inode -> slots, a tree by index / 32 -> 32 slots: 0, or where the page was put
 *
 * A page that was read back keeps its slot and is written to it again. The node of the tree
 * for a page is made before the page is first dirtied (prepare_write), so that writing
 * pages out needs no memory. Trees and slots: vm_lock. Names: the directory's inode lock;
 * a name holds a reference to its inode, so what has a name stays.
 *
 * A mounted tmpfs takes at most half of RAM and of swap, or what mount(8)'s option "size" says
 * (tmpfs(5)); the only other option is "mode".
 */
#include <asm/errno.h>
#include <linux/magic.h>

#include "kernel/fs/fs.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "lib/tree.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/swap.h"
#include "vm/vm.h"

#define SLOTS_PER_NODE 32u
#define SECTORS_PER_PAGE 8u

struct slots {
	struct tree_node node;        /* key: index / 32 */
	uint32_t present;             /* bit i: the page was written to once, and counts */
	uint32_t slot[SLOTS_PER_NODE];
};

struct name {
	struct list_link link;        /* the directory's names, in order of creation */
	struct inode *inode;          /* with a reference */
	uint32_t position;            /* of the directory stream: rises with each name */
	char *text;
};

struct tmpfs_inode {
	struct inode inode;
	struct tree slots;            /* vm_lock */
	struct list_link swapped_link; /* files that were given a slot; vm_lock */
	struct list names;            /* of a directory; inode.lock */
	uint32_t last_position;
	struct inode *parent;         /* of a directory; no reference: it has us */
	char *target;                 /* of a symbolic link */
	struct list_link all_link;    /* every inode of the file system; fs_cache_lock */
};

struct tmpfs {
	uint32_t pages_max;           /* 0: no limit */
	uint32_t pages;               /* vm_lock */
	uint32_t last_number;
	struct list inodes;           /* fs_cache_lock */
};

static struct slab_cache inode_slab = SLAB_CACHE("tmpfs_inode", sizeof(struct tmpfs_inode));
static struct slab_cache slots_slab = SLAB_CACHE("tmpfs_slots", sizeof(struct slots));
static struct slab_cache name_slab = SLAB_CACHE("tmpfs_name", sizeof(struct name));
static struct file_system *nameless_fs;
static uint32_t slots_held; /* vm_lock */
static struct list swapped_files = LIST_INIT(swapped_files); /* vm_lock */

static const struct inode_ops tmpfs_inode_ops;

static struct tmpfs_inode *tmpfs_inode(struct inode *inode)
{
	return LIST_ENTRY(inode, struct tmpfs_inode, inode);
}

static struct tmpfs *tmpfs_of(struct inode *inode)
{
	return inode->fs->private;
}

uint32_t tmpfs_slots(void)
{
	return slots_held;
}

/* --- pages ------------------------------------------------------------------------------ */

/* The place of a page's slot, or NULL if it was never written. vm_lock held. */
static uint32_t *slot_place(struct tmpfs_inode *file, uint32_t index)
{
	struct tree_node *node = tree_find(&file->slots, index / SLOTS_PER_NODE);

	return node ? &TREE_ENTRY(node, struct slots, node)->slot[index % SLOTS_PER_NODE] : NULL;
}

static void tmpfs_read(struct page_source *source, struct frame *frame)
{
	struct tmpfs_inode *file = tmpfs_inode(inode_of_source(source));

	spin_lock(&vm_lock);
	uint32_t *place = slot_place(file, frame->index);
	uint32_t slot = place ? *place : 0;
	spin_unlock(&vm_lock);
	if (slot) {
		swap_read(slot, frame);
		return;
	}
	memset(frame_data(frame), 0, PAGE_SIZE);
	frame_io_done(frame, 0);
}

static void tmpfs_write(struct page_source *source, struct frame *frame)
{
	struct tmpfs_inode *file = tmpfs_inode(inode_of_source(source));

	spin_lock(&vm_lock);
	uint32_t *place = slot_place(file, frame->index);
	if (place && *place && frame_clear(frame, FRAME_ERROR)) {
		swap_slot_retire(*place); /* it could not be written the last time */
		*place = 0;
		slots_held--;
	}
	if (place && !*place) {
		*place = swap_slot_alloc();
		slots_held += *place != 0;
		if (*place && !list_linked(&file->swapped_link))
			list_append(&swapped_files, &file->swapped_link);
	}
	uint32_t slot = place ? *place : 0;
	spin_unlock(&vm_lock);
	if (slot)
		swap_write(slot, frame);
	else
		frame_io_done(frame, -ENOSPC); /* the page stays */
}

/* Enters the node unless one came meanwhile. Returns the one that is there. vm_lock held. */
static struct slots *slots_enter(struct tmpfs_inode *file, struct slots **new)
{
	if (tree_insert(&file->slots, &(*new)->node)) {
		struct slots *entered = *new;
		*new = NULL;
		return entered;
	}
	return TREE_ENTRY(tree_find(&file->slots, (*new)->node.key), struct slots, node);
}

/* Counts the page as the file's. -ENOSPC if the file system is full. vm_lock held. */
static int page_count(struct tmpfs_inode *file, struct slots *slots, uint32_t index)
{
	struct tmpfs *tmpfs = tmpfs_of(&file->inode);
	uint32_t bit = 1u << index % SLOTS_PER_NODE;

	if (slots->present & bit)
		return 0;
	if (tmpfs->pages_max && tmpfs->pages >= tmpfs->pages_max)
		return -ENOSPC;
	slots->present |= bit;
	tmpfs->pages++;
	file->inode.blocks += SECTORS_PER_PAGE;
	return 0;
}

static int tmpfs_prepare_write(struct page_source *source, struct frame *frame)
{
	struct tmpfs_inode *file = tmpfs_inode(inode_of_source(source));
	struct slots *new = NULL, *slots;

	spin_lock(&vm_lock);
	struct tree_node *node = tree_find(&file->slots, frame->index / SLOTS_PER_NODE);
	if (!node) {
		spin_unlock(&vm_lock);
		new = slab_alloc_zeroed(&slots_slab);
		if (!new)
			return -ENOMEM;
		new->node.key = frame->index / SLOTS_PER_NODE;
		spin_lock(&vm_lock);
		slots = slots_enter(file, &new);
	} else {
		slots = TREE_ENTRY(node, struct slots, node);
	}
	int error = page_count(file, slots, frame->index);
	spin_unlock(&vm_lock);
	if (new)
		slab_free(&slots_slab, new);
	return error;
}

static const struct page_source_ops tmpfs_source_ops = {
	.read = tmpfs_read,
	.write = tmpfs_write,
	.prepare_write = tmpfs_prepare_write,
	.get = inode_source_get,
	.put = inode_source_put,
	.describe = inode_source_describe,
};

/* The file's first page from *index on that has a slot in the area; false if there is none.
 * vm_lock held. */
static bool next_swapped(struct tmpfs_inode *file, uint32_t area, uint32_t *index)
{
	struct tree_node *node = tree_ceiling(&file->slots, *index / SLOTS_PER_NODE);

	for (; node; node = tree_next(node)) {
		struct slots *slots = TREE_ENTRY(node, struct slots, node);
		uint32_t start = node->key * SLOTS_PER_NODE;

		for (uint32_t i = *index > start ? *index - start : 0; i < SLOTS_PER_NODE; i++) {
			if (!swap_slot_in_area(slots->slot[i], area))
				continue;
			*index = start + i;
			return true;
		}
	}
	return false;
}

/* A file with a page in the area, with a reference; NULL if there is none. One that is being
 * released gives its slots up by itself. */
static struct tmpfs_inode *swapped_file(uint32_t area)
{
	struct tmpfs_inode *found = NULL;

	spin_lock(&vm_lock);
	LIST_FOR(&swapped_files, struct tmpfs_inode, file, swapped_link) {
		uint32_t index = 0;
		if (next_swapped(file, area, &index) && inode_try_get(&file->inode)) {
			found = file;
			break;
		}
	}
	spin_unlock(&vm_lock);
	return found;
}

/* Brings the page in and gives up its slot; a write to it that is under way comes first. */
static int release_slot(struct tmpfs_inode *file, uint32_t index, uint32_t area)
{
	struct frame *frame;
	int error = pagecache_get(&file->inode.source, index, &frame);

	if (error)
		return error;
	frame_wait(frame);
	spin_lock(&vm_lock);
	uint32_t *place = slot_place(file, index);
	if (place && swap_slot_in_area(*place, area) && !frame_has(frame, FRAME_BUSY)) {
		swap_slot_free(*place);
		*place = 0;
		slots_held--;
		frame_set(frame, FRAME_DIRTY);
	}
	frame_unpin_locked(frame);
	spin_unlock(&vm_lock);
	return 0;
}

int tmpfs_leave_swap(uint32_t area)
{
	struct tmpfs_inode *file;
	int error = 0;

	while (!error && (file = swapped_file(area))) {
		for (uint32_t index = 0; !error; index++) {
			spin_lock(&vm_lock);
			bool more = next_swapped(file, area, &index);
			spin_unlock(&vm_lock);
			if (!more)
				break;
			error = release_slot(file, index, area);
		}
		inode_put(&file->inode);
	}
	return error;
}

/* Forgets the pages of the node from `first` on. True if none is left. vm_lock held. */
static bool slots_cut(struct tmpfs_inode *file, struct slots *slots, uint32_t first)
{
	uint32_t start = slots->node.key * SLOTS_PER_NODE;

	for (uint32_t i = first > start ? first - start : 0; i < SLOTS_PER_NODE; i++) {
		if (slots->slot[i]) {
			swap_slot_free(slots->slot[i]);
			slots->slot[i] = 0;
			slots_held--;
		}
		if (slots->present & 1u << i) {
			slots->present &= ~(1u << i);
			tmpfs_of(&file->inode)->pages--;
			file->inode.blocks -= SECTORS_PER_PAGE;
		}
	}
	return first <= start;
}

/* The pages are gone from the page cache already. */
static void slots_truncate(struct tmpfs_inode *file, uint32_t first)
{
	struct tree_node *node;

	for (;;) {
		spin_lock(&vm_lock);
		node = tree_last(&file->slots);
		bool more = node && (node->key + 1) * SLOTS_PER_NODE > first;
		struct slots *slots = more ? TREE_ENTRY(node, struct slots, node) : NULL;
		bool empty = more && slots_cut(file, slots, first);
		if (empty)
			tree_remove(&file->slots, node);
		spin_unlock(&vm_lock);
		if (!empty)
			return;
		slab_free(&slots_slab, slots);
	}
}

static int tmpfs_truncate(struct inode *inode, uint64_t size)
{
	uint32_t first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	pagecache_truncate(&inode->source, first);
	slots_truncate(tmpfs_inode(inode), first);
	return 0;
}

/* --- inodes ----------------------------------------------------------------------------- */

static int tmpfs_iterate(struct file *, loff_t *,
                         bool (*)(void *, const char *, size_t, uint32_t, loff_t, uint32_t),
                         void *);
static const struct file_ops directory_ops = {.iterate = tmpfs_iterate};

/* A new inode with one reference and one link, to be named in the directory (or NULL). */
static struct tmpfs_inode *inode_new(struct file_system *fs, const struct inode *dir, uint32_t mode)
{
	struct tmpfs *tmpfs = fs->private;
	struct tmpfs_inode *file = slab_alloc_zeroed(&inode_slab);

	if (!file)
		return NULL;
	struct inode *inode = &file->inode;
	inode_init(inode, fs, &tmpfs_inode_ops, &tmpfs_source_ops, mode);
	inode_own(inode, dir);
	inode->source.anonymous = true;
	inode->number = __atomic_add_fetch(&tmpfs->last_number, 1, __ATOMIC_RELAXED);
	inode->private = file;
	inode->file_ops = S_ISREG(mode) ? &regular_file_ops
	                : S_ISDIR(mode) ? &directory_ops
	                                : inode_special_ops(mode);
	list_init(&file->names);
	list_link_init(&file->swapped_link);
	spin_lock(&fs_cache_lock);
	list_append(&tmpfs->inodes, &file->all_link);
	spin_unlock(&fs_cache_lock);
	return file;
}

static void tmpfs_release(struct inode *inode)
{
	struct tmpfs_inode *file = tmpfs_inode(inode);

	inode->source.size = 0;
	tmpfs_truncate(inode, 0);
	spin_lock(&fs_cache_lock);
	list_remove(&file->all_link);
	spin_unlock(&fs_cache_lock);
	spin_lock(&vm_lock);
	list_remove(&file->swapped_link);
	spin_unlock(&vm_lock);
	kfree(file->target);
	slab_free(&inode_slab, file);
}

int tmpfs_create_nameless(uint64_t size, struct inode **made)
{
	struct tmpfs_inode *file = inode_new(nameless_fs, NULL, S_IFREG | 0600);

	if (!file)
		return -ENOMEM;
	file->inode.links = 0;
	file->inode.source.size = size;
	*made = &file->inode;
	return 0;
}

/* --- names ------------------------------------------------------------------------------ */

static struct name *name_find(struct inode *dir, const char *text)
{
	LIST_FOR(&tmpfs_inode(dir)->names, struct name, name, link)
		if (!strcmp(name->text, text))
			return name;
	return NULL;
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
	name->position = ++directory->last_position;
	list_append(&directory->names, &name->link);
	dir->mtime = dir->ctime = inode_now();
	return 0;
}

/* Removes the name; its reference is the caller's. */
static void name_remove(struct inode *dir, const char *text)
{
	struct name *name = name_find(dir, text);

	list_remove(&name->link);
	kfree(name->text);
	slab_free(&name_slab, name);
	dir->mtime = dir->ctime = inode_now();
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
	struct tmpfs_inode *file = inode_new(dir->fs, dir, mode);

	if (!file)
		return -ENOMEM;
	file->inode.device = device;
	int error = name_new(dir, text, file);
	if (!error)
		*made = inode_get(&file->inode);
	return error;
}

static int tmpfs_symlink(struct inode *dir, const char *text, const char *target)
{
	struct tmpfs_inode *file = inode_new(dir->fs, dir, S_IFLNK | 0777);
	size_t length = strlen(target);

	if (!file)
		return -ENOMEM;
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
	int error = name_add(dir, text, target);

	if (error)
		return error;
	inode_get(target);
	target->links++;
	target->ctime = inode_now();
	return 0;
}

static int tmpfs_unlink(struct inode *dir, const char *text, struct inode *target)
{
	name_remove(dir, text);
	target->links--;
	target->ctime = inode_now();
	inode_put(target); /* the name's; the caller has one */
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, const char *text, struct inode *target)
{
	if (!list_empty(&tmpfs_inode(target)->names))
		return -ENOTEMPTY;
	name_remove(dir, text);
	target->links = 0;
	dir->links--;
	inode_put(target);
	return 0;
}

static int tmpfs_rename(struct inode *from, const char *text, struct inode *to,
                        const char *new_text, struct inode *moved, struct inode *replaced)
{
	bool directory = S_ISDIR(moved->mode);
	int error = 0;

	if (replaced && directory && !list_empty(&tmpfs_inode(replaced)->names))
		return -ENOTEMPTY;
	if (replaced) {
		name_find(to, new_text)->inode = moved;
		to->mtime = to->ctime = inode_now();
	} else {
		error = name_add(to, new_text, moved);
	}
	if (error)
		return error;
	name_remove(from, text); /* its reference is the new name's now */
	if (replaced) {
		replaced->links = directory ? 0 : replaced->links - 1;
		to->links -= directory;
		inode_put(replaced);
	}
	if (directory) {
		tmpfs_inode(moved)->parent = to;
		from->links--;
		to->links++;
	}
	moved->ctime = inode_now();
	return 0;
}

/* Positions: 0 ".", 1 "..", then 2 + each name's own. */
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
	LIST_FOR(&directory->names, struct name, name, link) {
		if (name->position + 2 <= *position)
			continue;
		if (!emit(context, name->text, strlen(name->text), name->inode->number,
		          name->position + 2, (name->inode->mode & S_IFMT) >> 12))
			return 0;
		*position = name->position + 2;
	}
	return 0;
}

static const struct inode_ops tmpfs_inode_ops = {
	.lookup = tmpfs_lookup,
	.create = tmpfs_create,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.readlink = tmpfs_readlink,
	.truncate = tmpfs_truncate,
	.release = tmpfs_release,
};

/* --- mounts ----------------------------------------------------------------------------- */

static int tmpfs_statfs(struct file_system *fs, struct statfs64 *to)
{
	struct tmpfs *tmpfs = fs->private;

	to->f_type = TMPFS_MAGIC;
	to->f_blocks = tmpfs->pages_max;
	to->f_bfree = to->f_bavail = tmpfs->pages_max - tmpfs->pages;
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
		struct list_link *first = list_first(&tmpfs_inode(dir)->names);
		struct inode *inode;

		if (!first) {
			if (dir == root)
				return;
			/* Now empty: marked, so that its parent drops it. */
			dir->links = 0;
			dir = tmpfs_inode(dir)->parent;
			continue;
		}
		struct name *name = LIST_ENTRY(first, struct name, link);
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
	if (is_busy(fs))
		return -EBUSY;
	tree_empty(fs->root->inode);
	return 0;
}

static const struct file_system_ops tmpfs_ops = {
	.statfs = tmpfs_statfs,
	.unmount = tmpfs_unmount,
};

static int tmpfs_start(struct file_system *fs, uint32_t pages_max)
{
	struct tmpfs *tmpfs = kmalloc_zeroed(sizeof(*tmpfs));

	if (!tmpfs)
		return -ENOMEM;
	tmpfs->pages_max = pages_max;
	list_init(&tmpfs->inodes);
	fs->private = tmpfs;
	fs->ops = &tmpfs_ops;
	return 0;
}

/* What mount was told, or the rule. */
struct options {
	uint32_t pages, mode;
};

/* A size in bytes, with a suffix for units of 1,024 or percents of RAM, as pages. */
static uint32_t size_parse(const char *text, char **end)
{
	uint64_t bytes = strtoul(text, end, 10);

	switch (**end | 0x20) {
	case 'g':
		bytes <<= 10; /* and on */
		/* fallthrough */
	case 'm':
		bytes <<= 10;
		/* fallthrough */
	case 'k':
		bytes <<= 10;
		++*end;
		break;
	case '%':
		bytes = ((uint64_t)physmem_total() << PAGE_SHIFT) / 100 * bytes;
		++*end;
		break;
	}
	uint64_t pages = (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
	return pages < UINT32_MAX ? pages : UINT32_MAX;
}

/* "size=64k,mode=700". -EINVAL for what it does not know. */
static int options_parse(const char *text, struct options *options)
{
	while (text && *text) {
		char *end = NULL;

		if (!strncmp(text, "size=", 5))
			options->pages = size_parse(text + 5, &end);
		else if (!strncmp(text, "mode=", 5))
			options->mode = strtoul(text + 5, &end, 8) & 07777;
		if (!end || end == text + 5 || (*end && *end != ','))
			return -EINVAL;
		text = *end ? end + 1 : end;
	}
	return 0;
}

static int tmpfs_mount(struct file_system *fs, struct inode **root)
{
	struct options options = {physmem_total() / 2 + swap_total() / 2, 01777};
	int error = options_parse(fs->options, &options);

	if (!error)
		error = tmpfs_start(fs, options.pages);
	if (error)
		return error;
	struct tmpfs_inode *directory = inode_new(fs, NULL, S_IFDIR | options.mode);
	if (!directory)
		return -ENOMEM;
	directory->inode.links = 2;
	*root = &directory->inode;
	return 0;
}

int tmpfs_init(void)
{
	nameless_fs = file_system_create(&tmpfs_type, "nameless");
	return nameless_fs ? tmpfs_start(nameless_fs, 0) : -ENOMEM;
}

const struct file_system_type tmpfs_type = {.name = "tmpfs", .mount = tmpfs_mount};
/* The same with device nodes in it (devfs.c). */
const struct file_system_type devtmpfs_type = {.name = "devtmpfs", .mount = tmpfs_mount};
