/* SPDX-License-Identifier: MIT */
/*
 * ext2: directories, and the operations on names.
 *
 * A directory is a file of entries that never cross a block; each says where the next
 * begins, so the last of a block reaches to its end, and an entry is removed by letting
 * the one before it reach over it. Looked through from the front. An index that another
 * system left (dir_index) stays readable as entries; the first change drops its flag.
 *
 * Each operation has two halves: it finds what it will change and pins it (inodes, and the
 * blocks in which entries are or will be); then it changes that, and nothing can fail. So a
 * name and the links that count it always agree, however short memory is.
 *
 * The directory's inode lock is held by the callers of all but iterate's.
 */
#include <asm/errno.h>

#include "kernel/fs/ext2.h"
#include "kernel/panic.h"
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

/* --- changing entries -------------------------------------------------------------------- */

/* The inodes that one operation changes; NULL: none. */
#define INODES_MOST 4

static void inodes_unpin(struct inode *const *inodes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (inodes[i])
			ext2_inode_unpin(inodes[i]);
}

/* All of them are pinned, or none. */
static int inodes_pin(struct inode *const inodes[INODES_MOST])
{
	for (uint32_t i = 0; i < INODES_MOST; i++) {
		int error = inodes[i] ? ext2_inode_pin(inodes[i]) : 0;
		if (error) {
			inodes_unpin(inodes, i);
			return error;
		}
	}
	return 0;
}

/* The (pinned) directory's content changed: its times, and the index is not kept. */
static void directory_write(struct inode *dir)
{
	ext2_inode(dir)->flags &= ~EXT2_FLAG_INDEXED;
	dir->mtime = dir->ctime = inode_now();
	ext2_inode_write(dir);
}

static uint32_t entry_used(const struct ext2_entry *entry)
{
	return entry->inode ? entry_size(entry->name_length) : 0;
}

/* An entry of the block that has room for one of this size. -ENOSPC, -EIO. */
static int page_room(struct inode *dir, struct frame *frame, uint32_t size, struct place *place)
{
	struct ext2_entry *entry;

	for (uint32_t offset = 0; offset < EXT2_BLOCK_SIZE; offset += entry->length) {
		entry = entry_at(dir, frame_data(frame), offset);
		if (!entry)
			return -EIO;
		if (entry->length < entry_used(entry) + size)
			continue;
		*place = (struct place){frame, entry, NULL};
		return 0;
	}
	return -ENOSPC;
}

/* Appends a block with no entries in it; pinned. The directory's new size is to be written. */
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

/* Room for the name in the (pinned) directory; its frame is pinned. A directory that had to
 * grow for it stays so. */
static int entry_room(struct inode *dir, const char *name, struct place *place)
{
	uint32_t size = entry_size(strlen(name));
	struct frame *frame;
	int error;

	for (uint32_t i = 0; i < source_pages(&dir->source); i++) {
		error = page_get(dir, i, true, &frame);
		if (error)
			return error;
		error = page_room(dir, frame, size, place);
		if (!error)
			return 0;
		frame_unpin(frame);
		if (error != -ENOSPC)
			return error;
	}
	error = directory_grow(dir, &frame);
	if (error)
		return error;
	directory_write(dir);
	return page_room(dir, frame, size, place);
}

/* Enters the name where there is room for it. */
static void entry_enter(struct inode *dir, struct place *place, const char *name,
                        const struct inode *inode)
{
	struct ext2_entry *entry = place->entry;
	uint32_t used = entry_used(entry);

	if (used) {
		struct ext2_entry *rest = (struct ext2_entry *)((char *)entry + used);
		rest->length = entry->length - used;
		entry->length = used;
		entry = rest;
	}
	entry->inode = inode->number;
	entry->name_length = strlen(name);
	entry->type = ext2_of(dir)->has_types ? stored_types[inode->mode >> 12] : 0;
	memcpy(entry->name, name, entry->name_length);
	pagecache_dirty(place->frame);
}

/* Makes the name mean another inode. */
static void entry_replace(struct inode *dir, struct place *place, const struct inode *inode)
{
	place->entry->inode = inode->number;
	place->entry->type = ext2_of(dir)->has_types ? stored_types[inode->mode >> 12] : 0;
	pagecache_dirty(place->frame);
}

/* Removes the name. It is looked for again in its block: another that was entered meanwhile
 * may be the one before it now. */
static void entry_remove(struct inode *dir, struct place *place, const char *name)
{
	int error = page_find(dir, place->frame, name, place);

	ASSERT_SAYING(!error, "a name has gone from its pinned block");
	if (place->before)
		place->before->length += place->entry->length;
	else
		place->entry->inode = 0;
	pagecache_dirty(place->frame);
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

/* The inode, made but for its name, goes again. */
static void forget_new(struct inode *inode)
{
	inode->links = 0;
	inode_put(inode);
}

/* "." and ".." of a new directory. */
static int directory_start(struct inode *dir, struct inode *parent)
{
	struct place place;
	int error = directory_grow(dir, &place.frame);

	if (error)
		return error;
	place.entry = frame_data(place.frame);
	entry_enter(dir, &place, ".", dir);
	entry_enter(dir, &place, "..", parent);
	frame_unpin(place.frame);
	return 0;
}

/* Names the inode, which gains so many links by it. */
static int name_add(struct inode *dir, const char *name, struct inode *inode, uint32_t links)
{
	struct inode *const changed[INODES_MOST] = {dir, inode};
	struct place place;
	int error = inodes_pin(changed);

	if (error)
		return error;
	error = entry_room(dir, name, &place);
	if (!error) {
		entry_enter(dir, &place, name, inode);
		frame_unpin(place.frame);
		links_add(inode, links);
		links_add(dir, S_ISDIR(inode->mode));
		ext2_inode_write(inode);
		directory_write(dir);
	}
	inodes_unpin(changed, INODES_MOST);
	return error;
}

static int ext2_create(struct inode *dir, const char *name, uint32_t mode, uint32_t device,
                       struct inode **made)
{
	struct ext2_inode *file;

	if (S_ISDIR(mode) && dir->links >= EXT2_LINKS_MAX)
		return -EMLINK;
	int error = ext2_inode_create(dir, mode, device, &file);
	if (error)
		return error;
	struct inode *inode = &file->inode;
	if (S_ISDIR(mode)) {
		inode->links = 2;
		error = directory_start(inode, dir);
	}
	if (!error)
		error = name_add(dir, name, inode, 0);
	if (error)
		forget_new(inode);
	else
		*made = inode;
	return error;
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
	if (!error)
		error = name_add(dir, name, &link->inode, 0);
	if (error)
		forget_new(&link->inode);
	else
		inode_put(&link->inode);
	return error;
}

static int ext2_link(struct inode *dir, const char *name, struct inode *target)
{
	return target->links >= EXT2_LINKS_MAX ? -EMLINK : name_add(dir, name, target, 1);
}

/* --- removing and moving ---------------------------------------------------------------- */

/* The (pinned) inode has one name less, in the (pinned) directory `dir`. */
static void link_lost(struct inode *dir, struct inode *inode)
{
	if (S_ISDIR(inode->mode)) {
		/* It was empty: its own two links go, and its "..". */
		inode->links = 0;
		links_add(dir, -1);
	} else {
		links_add(inode, -1);
	}
	ext2_inode_write(inode);
}

static int ext2_unlink(struct inode *dir, const char *name, struct inode *target)
{
	struct inode *const changed[INODES_MOST] = {dir, target};
	struct place place;
	int error = inodes_pin(changed);

	if (error)
		return error;
	error = entry_find(dir, name, true, &place);
	if (!error) {
		entry_remove(dir, &place, name);
		frame_unpin(place.frame);
		link_lost(dir, target);
		directory_write(dir);
	}
	inodes_unpin(changed, INODES_MOST);
	return error;
}

static int ext2_rmdir(struct inode *dir, const char *name, struct inode *target)
{
	int error = directory_is_empty(target);

	return error ? error : ext2_unlink(dir, name, target);
}

/* The entries that a rename changes, pinned where there is a frame. */
struct move {
	struct place old; /* the name that goes */
	struct place new; /* the name that comes: what it meant, or room for it */
	struct place up;  /* ".." of a directory whose parent changes */
};

static void move_release(struct move *move)
{
	if (move->old.frame)
		frame_unpin(move->old.frame);
	if (move->new.frame)
		frame_unpin(move->new.frame);
	if (move->up.frame)
		frame_unpin(move->up.frame);
}

/* Finds and pins the entries; those it found until it failed, too. */
static int move_prepare(struct move *move, struct inode *from, const char *name,
                        struct inode *to, const char *new_name, struct inode *moved,
                        struct inode *replaced)
{
	*move = (struct move){0};
	int error = entry_find(from, name, true, &move->old);

	if (!error && S_ISDIR(moved->mode) && from != to)
		error = entry_find(moved, "..", true, &move->up);
	if (!error && replaced)
		error = entry_find(to, new_name, true, &move->new);
	else if (!error)
		error = entry_room(to, new_name, &move->new);
	return error;
}

/* The new name appears before the old one goes: there is always one. */
static void move_do(struct move *move, struct inode *from, const char *name, struct inode *to,
                    const char *new_name, struct inode *moved, struct inode *replaced)
{
	if (replaced)
		entry_replace(to, &move->new, moved);
	else
		entry_enter(to, &move->new, new_name, moved);
	entry_remove(from, &move->old, name);
	if (replaced)
		link_lost(to, replaced);
	if (move->up.frame) {
		entry_replace(moved, &move->up, to);
		links_add(from, -1);
		links_add(to, 1);
		directory_write(moved);
	}
	moved->ctime = inode_now();
	ext2_inode_write(moved);
	directory_write(from);
	directory_write(to);
}

static int ext2_rename(struct inode *from, const char *name, struct inode *to,
                       const char *new_name, struct inode *moved, struct inode *replaced)
{
	struct inode *const changed[INODES_MOST] = {from, to, moved, replaced};
	bool directory = S_ISDIR(moved->mode);
	struct move move;
	int error = 0;

	if (replaced && directory)
		error = directory_is_empty(replaced);
	else if (directory && from != to && to->links >= EXT2_LINKS_MAX)
		error = -EMLINK;
	if (!error)
		error = inodes_pin(changed);
	if (error)
		return error;
	error = move_prepare(&move, from, name, to, new_name, moved, replaced);
	if (!error)
		move_do(&move, from, name, to, new_name, moved, replaced);
	move_release(&move);
	inodes_unpin(changed, INODES_MOST);
	return error;
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
	.pin = ext2_inode_pin,
	.unpin = ext2_inode_unpin,
	.sync = ext2_inode_sync,
	.release = ext2_release,
};
