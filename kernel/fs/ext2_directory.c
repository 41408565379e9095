/* SPDX-License-Identifier: MIT */
/*
 * ext2: directories, and the operations on names.
 *
 * A directory is a file of entries that never cross a block; each says where the next
 * begins, so the last of a block reaches to its end, and an entry is removed by letting
 * the one before it reach over it. Looked through from the front. An index that another
 * system left (dir_index) stays readable as entries; the first change drops its flag.
 *
 * The directory's inode lock is held by the callers of all but iterate's.
 */
#include <asm/errno.h>

#include "kernel/fs/ext2.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/pagecache.h"

/* Where an entry is: in a pinned frame. */
struct place {
	struct frame *frame;
	struct ext2_entry *entry, *before; /* before: NULL for the first of its block */
};

/* Types as the directory stores them, in the order of S_IFMT's values >> 12, which are
 * also what getdents reports (DT_REG = S_IFREG >> 12). */
static const uint8_t stored_types[16] = {
	[S_IFREG >> 12] = 1, [S_IFDIR >> 12] = 2,  [S_IFCHR >> 12] = 3, [S_IFBLK >> 12] = 4,
	[S_IFIFO >> 12] = 5, [S_IFSOCK >> 12] = 6, [S_IFLNK >> 12] = 7,
};

static struct ext2 *ext2_of(struct inode *inode)
{
	return inode->fs->private;
}

static uint32_t entry_type(struct ext2 *ext2, const struct ext2_entry *entry)
{
	if (ext2->has_types)
		for (uint32_t type = 0; type < 16; type++)
			if (stored_types[type] == entry->type)
				return type;
	return 0;
}

static uint32_t entry_size(uint32_t name_length)
{
	return (sizeof(struct ext2_entry) + name_length + 3) & ~3u;
}

/* The entry at the offset of a block, or NULL if it makes no sense. */
static struct ext2_entry *entry_at(struct inode *dir, void *block, uint32_t offset)
{
	struct ext2_entry *entry = (struct ext2_entry *)((char *)block + offset);

	if (offset + sizeof(*entry) <= EXT2_BLOCK_SIZE && entry->length % 4 == 0 &&
	    entry->length >= entry_size(entry->name_length) &&
	    offset + entry->length <= EXT2_BLOCK_SIZE)
		return entry;
	ext2_complain(ext2_of(dir), "a damaged directory: inode", dir->number);
	return NULL;
}

static int page_get(struct inode *dir, uint32_t index, bool change, struct frame **frame)
{
	return change ? pagecache_get_for_write(&dir->source, index, false, frame)
	              : pagecache_get(&dir->source, index, frame);
}

static bool names_equal(const struct ext2_entry *entry, const char *name, size_t length)
{
	return entry->inode && entry->name_length == length && !memcmp(entry->name, name, length);
}

/* Looks for the name in one block. 0 with place filled in, -ENOENT, -EIO. */
static int page_find(struct inode *dir, struct frame *frame, const char *name, struct place *place)
{
	size_t length = strlen(name);
	struct ext2_entry *entry, *before = NULL;

	for (uint32_t offset = 0; offset < EXT2_BLOCK_SIZE; offset += entry->length) {
		entry = entry_at(dir, frame_data(frame), offset);
		if (!entry)
			return -EIO;
		if (names_equal(entry, name, length)) {
			*place = (struct place){frame, entry, before};
			return 0;
		}
		before = entry;
	}
	return -ENOENT;
}

/* The entry of this name; its frame is pinned. */
static int entry_find(struct inode *dir, const char *name, bool change, struct place *place)
{
	struct frame *frame;

	for (uint32_t i = 0; i < source_pages(&dir->source); i++) {
		int error = page_get(dir, i, change, &frame);
		if (error)
			return error;
		error = page_find(dir, frame, name, place);
		if (error != -ENOENT) {
			if (error)
				frame_unpin(frame);
			return error;
		}
		frame_unpin(frame);
	}
	return -ENOENT;
}

static void entry_fill(struct ext2 *ext2, struct ext2_entry *entry, const char *name,
                       uint32_t number, uint32_t mode)
{
	entry->inode = number;
	entry->name_length = strlen(name);
	entry->type = ext2->has_types ? stored_types[mode >> 12] : 0;
	memcpy(entry->name, name, entry->name_length);
}

/* The directory's content changed: its times, and the index is not kept. */
static int directory_store(struct inode *dir)
{
	ext2_inode(dir)->flags &= ~EXT2_FLAG_INDEXED;
	dir->mtime = dir->ctime = inode_now();
	return ext2_inode_store(dir);
}

/* Enters the name where the block has room. -ENOSPC if it has none. */
static int page_add(struct inode *dir, struct frame *frame, const char *name, uint32_t number,
                    uint32_t mode)
{
	uint32_t need = entry_size(strlen(name));
	struct ext2_entry *entry;

	for (uint32_t offset = 0; offset < EXT2_BLOCK_SIZE; offset += entry->length) {
		entry = entry_at(dir, frame_data(frame), offset);
		if (!entry)
			return -EIO;
		uint32_t used = entry->inode ? entry_size(entry->name_length) : 0;
		if (entry->length < used + need)
			continue;
		if (used) {
			struct ext2_entry *rest = (struct ext2_entry *)((char *)entry + used);
			rest->length = entry->length - used;
			entry->length = used;
			entry = rest;
		}
		entry_fill(ext2_of(dir), entry, name, number, mode);
		pagecache_dirty(frame);
		return 0;
	}
	return -ENOSPC;
}

/* Appends a block with no entries in it; pinned. */
static int directory_grow(struct inode *dir, struct frame **frame)
{
	uint32_t index = source_pages(&dir->source);

	dir->write_end = dir->source.size + EXT2_BLOCK_SIZE;
	int error = pagecache_get_for_write(&dir->source, index, true, frame);
	dir->write_end = 0;
	if (error)
		return error;
	memset(frame_data(*frame), 0, EXT2_BLOCK_SIZE);
	((struct ext2_entry *)frame_data(*frame))->length = EXT2_BLOCK_SIZE;
	pagecache_dirty(*frame);
	dir->source.size += EXT2_BLOCK_SIZE;
	return 0;
}

static int entry_add(struct inode *dir, const char *name, uint32_t number, uint32_t mode)
{
	struct frame *frame;
	int error = -ENOSPC;

	for (uint32_t i = 0; i < source_pages(&dir->source) && error == -ENOSPC; i++) {
		error = page_get(dir, i, true, &frame);
		if (error)
			return error;
		error = page_add(dir, frame, name, number, mode);
		frame_unpin(frame);
	}
	if (error == -ENOSPC) {
		error = directory_grow(dir, &frame);
		if (error)
			return error;
		error = page_add(dir, frame, name, number, mode);
		frame_unpin(frame);
	}
	return error ? error : directory_store(dir);
}

static void entry_drop(struct place *place)
{
	if (place->before)
		place->before->length += place->entry->length;
	else
		place->entry->inode = 0;
	pagecache_dirty(place->frame);
	frame_unpin(place->frame);
}

static int entry_remove(struct inode *dir, const char *name)
{
	struct place place;
	int error = entry_find(dir, name, true, &place);

	if (error)
		return error;
	entry_drop(&place);
	return directory_store(dir);
}

/* Makes the name mean another inode. */
static int entry_replace(struct inode *dir, const char *name, uint32_t number, uint32_t mode)
{
	struct place place;
	int error = entry_find(dir, name, true, &place);

	if (error)
		return error;
	place.entry->inode = number;
	place.entry->type = ext2_of(dir)->has_types ? stored_types[mode >> 12] : 0;
	ext2_block_put(place.frame, true);
	return directory_store(dir);
}

/* 0 if there is nothing but "." and ".."; -ENOTEMPTY, -EIO. */
static int directory_is_empty(struct inode *dir)
{
	struct ext2_entry *entry;
	struct frame *frame;

	for (uint32_t i = 0; i < source_pages(&dir->source); i++) {
		int error = page_get(dir, i, false, &frame);
		for (uint32_t offset = 0; !error && offset < EXT2_BLOCK_SIZE;
		     offset += entry->length) {
			entry = entry_at(dir, frame_data(frame), offset);
			if (!entry) {
				error = -EIO;
				break;
			}
			if (entry->inode && !names_equal(entry, ".", 1) &&
			    !names_equal(entry, "..", 2))
				error = -ENOTEMPTY;
		}
		if (error != 0 && error != -EIO && error != -ENOTEMPTY)
			return error; /* no frame */
		frame_unpin(frame);
		if (error)
			return error;
	}
	return 0;
}

/* --- reading ---------------------------------------------------------------------------- */

static int ext2_lookup(struct inode *dir, const char *name, struct inode **found)
{
	struct place place;
	int error = entry_find(dir, name, false, &place);

	if (error)
		return error;
	uint32_t number = place.entry->inode;
	frame_unpin(place.frame);
	return ext2_inode_get(ext2_of(dir), number, found);
}

typedef bool emit_function(void *context, const char *name, size_t length, uint32_t inode,
                           loff_t next, uint32_t type);

/* Emits what one block holds from `position` on. 1 if the buffer is full, 0, -EIO. */
static int page_iterate(struct inode *dir, struct frame *frame, loff_t *position,
                        emit_function *emit, void *context)
{
	loff_t start = *position & ~(loff_t)(EXT2_BLOCK_SIZE - 1);
	uint32_t from = *position - start;
	struct ext2_entry *entry;

	for (uint32_t offset = 0; offset < EXT2_BLOCK_SIZE; offset += entry->length) {
		entry = entry_at(dir, frame_data(frame), offset);
		if (!entry)
			return -EIO;
		/* The position may lie inside an entry that has swallowed another. */
		if (offset < from)
			continue;
		loff_t next = start + offset + entry->length;
		if (entry->inode && !emit(context, entry->name, entry->name_length, entry->inode,
		                          next, entry_type(ext2_of(dir), entry)))
			return 1;
		*position = next;
	}
	*position = start + EXT2_BLOCK_SIZE;
	return 0;
}

static int ext2_iterate(struct file *file, loff_t *position, emit_function *emit, void *context)
{
	struct inode *dir = file->inode;
	struct frame *frame;
	int result = 0;

	SCOPED_MUTEX(&dir->lock);
	while (!result && *position >= 0 && *position < (loff_t)dir->source.size) {
		result = page_get(dir, *position / EXT2_BLOCK_SIZE, false, &frame);
		if (result)
			break;
		result = page_iterate(dir, frame, position, emit, context);
		frame_unpin(frame);
	}
	return result < 0 ? result : 0;
}

const struct file_ops ext2_directory_ops = {.iterate = ext2_iterate};

static int ext2_readlink(struct inode *inode, char *to, size_t size)
{
	struct ext2_inode *link = ext2_inode(inode);
	size_t length = inode->source.size < size ? inode->source.size : size;

	if (!ext2_is_fast_link(link)) {
		int error = pagecache_read(&inode->source, 0, to, length);
		return error ? error : (int)length;
	}
	if (length > sizeof(link->block))
		return -EIO;
	memcpy(to, link->block, length);
	return length;
}

/* --- making names ----------------------------------------------------------------------- */

static void links_add(struct inode *inode, int change)
{
	inode->links += change;
	inode->ctime = inode_now();
}

/* "." and ".." of a new directory. */
static int directory_start(struct inode *dir, struct inode *parent)
{
	struct frame *frame;
	int error = directory_grow(dir, &frame);

	if (error)
		return error;
	error = page_add(dir, frame, ".", dir->number, dir->mode);
	if (!error)
		error = page_add(dir, frame, "..", parent->number, parent->mode);
	frame_unpin(frame);
	return error;
}

/* Names the new inode, stored; if that fails it is deleted. Consumes the reference unless
 * it succeeds. */
static int name_new(struct inode *dir, const char *name, struct inode *inode)
{
	int error = ext2_inode_store(inode);

	if (!error)
		error = entry_add(dir, name, inode->number, inode->mode);
	if (error) {
		inode->links = 0;
		inode_put(inode);
	}
	return error;
}

static int ext2_create(struct inode *dir, const char *name, uint32_t mode, uint32_t device,
                       struct inode **made)
{
	bool directory = S_ISDIR(mode);
	struct ext2_inode *file;

	if (directory && dir->links >= EXT2_LINKS_MAX)
		return -EMLINK;
	int error = ext2_inode_create(dir, mode, device, &file);
	if (error)
		return error;
	struct inode *inode = &file->inode;
	if (directory) {
		inode->links = 2;
		error = directory_start(inode, dir);
		if (error) {
			inode->links = 0;
			inode_put(inode);
			return error;
		}
	}
	error = name_new(dir, name, inode);
	if (error)
		return error;
	*made = inode;
	if (!directory)
		return 0;
	links_add(dir, 1);
	return ext2_inode_store(dir);
}

static int link_fill(struct ext2_inode *link, const char *target)
{
	size_t length = strlen(target);
	struct inode *inode = &link->inode;

	if (length >= EXT2_BLOCK_SIZE)
		return -ENAMETOOLONG;
	inode->source.size = length;
	if (length < EXT2_FAST_LINK_MAX) {
		memcpy(link->block, target, length);
		return 0;
	}
	return pagecache_write(&inode->source, 0, target, length);
}

static int ext2_symlink(struct inode *dir, const char *name, const char *target)
{
	struct ext2_inode *link;
	int error = ext2_inode_create(dir, S_IFLNK | 0777, 0, &link);

	if (error)
		return error;
	error = link_fill(link, target);
	if (error) {
		link->inode.links = 0;
		inode_put(&link->inode);
		return error;
	}
	error = name_new(dir, name, &link->inode);
	if (!error)
		inode_put(&link->inode);
	return error;
}

static int ext2_link(struct inode *dir, const char *name, struct inode *target)
{
	if (target->links >= EXT2_LINKS_MAX)
		return -EMLINK;
	links_add(target, 1);
	int error = ext2_inode_store(target);
	if (!error)
		error = entry_add(dir, name, target->number, target->mode);
	if (error) {
		links_add(target, -1);
		ext2_inode_store(target);
	}
	return error;
}

/* --- removing and moving ---------------------------------------------------------------- */

static int ext2_unlink(struct inode *dir, const char *name, struct inode *target)
{
	int error = entry_remove(dir, name);

	if (error)
		return error;
	links_add(target, -1);
	return ext2_inode_store(target);
}

/* A directory without entries loses its name: its own two links go, and its "..". */
static int directory_remove_links(struct inode *parent, struct inode *dir)
{
	dir->links = 0;
	links_add(parent, -1);
	int error = ext2_inode_store(parent);
	int failed = ext2_inode_store(dir);
	return error ? error : failed;
}

static int ext2_rmdir(struct inode *dir, const char *name, struct inode *target)
{
	int error = directory_is_empty(target);

	if (!error)
		error = entry_remove(dir, name);
	return error ? error : directory_remove_links(dir, target);
}

/* A directory moved: its ".." names the new parent, and so the links of both change. */
static int directory_reparent(struct inode *moved, struct inode *from, struct inode *to)
{
	int error = entry_replace(moved, "..", to->number, to->mode);

	if (error)
		return error;
	links_add(from, -1);
	links_add(to, 1);
	error = ext2_inode_store(from);
	int failed = ext2_inode_store(to);
	return error ? error : failed;
}

/* The new name appears before the old one goes: there is always one. */
static int ext2_rename(struct inode *from, const char *name, struct inode *to,
                       const char *new_name, struct inode *moved, struct inode *replaced)
{
	bool directory = S_ISDIR(moved->mode);
	int error = 0;

	if (replaced && directory)
		error = directory_is_empty(replaced);
	else if (directory && from != to && to->links >= EXT2_LINKS_MAX)
		error = -EMLINK;
	if (!error)
		error = replaced ? entry_replace(to, new_name, moved->number, moved->mode)
		                 : entry_add(to, new_name, moved->number, moved->mode);
	if (!error)
		error = entry_remove(from, name);
	if (!error && replaced && directory)
		error = directory_remove_links(to, replaced);
	else if (!error && replaced) {
		links_add(replaced, -1);
		error = ext2_inode_store(replaced);
	}
	if (!error && directory && from != to)
		error = directory_reparent(moved, from, to);
	moved->ctime = inode_now();
	int failed = ext2_inode_store(moved);
	return error ? error : failed;
}

const struct inode_ops ext2_inode_ops = {
	.lookup = ext2_lookup,
	.create = ext2_create,
	.symlink = ext2_symlink,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.rmdir = ext2_rmdir,
	.rename = ext2_rename,
	.readlink = ext2_readlink,
	.truncate = ext2_truncate,
	.write_inode = ext2_inode_store,
	.sync = ext2_inode_sync,
	.release = ext2_release,
};
