/* SPDX-License-Identifier: MIT */
/*
 * ext2: directories, and the operations on names.
 *
 * A directory is a file of entries that never cross a block; each says where the next
 * begins, so the last of a block reaches to its end, and an entry is removed by letting
 * the one before it reach over it. Looked through from the front, or where there are many by an
 * index in memory (ext2_index.h). An index that another
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
#include "kernel/fs/ext2_index.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/page.h"
#include "vm/pagecache.h"

/* Where an entry is: in a pinned frame. With no frame: nowhere. */
struct place {
	struct frame *frame;
	struct ext2_entry *entry;
};

/* A walk through a directory, entry by entry. It holds the block that it is in, and lets go of it
 * by itself where the block or the walk ends, however it ends: there is a frame as long as there
 * is an entry. */
struct walk {
	struct inode *dir;
	bool change;         /* entries will be changed */
	uint32_t page;       /* of the directory: this one, or without a frame the next one */
	struct place place;
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
	ext2_damaged(ext2_of(dir), "a directory has an entry that makes no sense: inode",
	             dir->number);
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

static void walk_end(struct walk *walk)
{
	if (walk->place.frame)
		frame_unpin(walk->place.frame);
	walk->place = (struct place){0};
}

/* Goes into the next block; 1, 0 if there is none, -EIO, -ENOMEM, -EINTR: the thread is killed. */
static int walk_enter(struct walk *walk)
{
	struct frame *frame;

	if (walk->page >= source_pages(&walk->dir->source))
		return 0;
	if (thread_current()->killed)
		return -EINTR;
	int error = page_get(walk->dir, walk->page, walk->change, &frame);
	if (error)
		return error;
	walk->place = (struct place){frame, entry_at(walk->dir, frame_data(frame), 0)};
	return walk->place.entry ? 1 : -EIO;
}

/* Goes on to the next entry, also one that is no name's (inode 0): 1, and place says where it is.
 * 0 at the end, or as walk_enter; then nothing is held any more. */
static int walk_next(struct walk *walk)
{
	struct place *place = &walk->place;
	int result;

	if (!place->frame) {
		result = walk_enter(walk);
	} else {
		char *block = frame_data(place->frame);
		uint32_t offset = (char *)place->entry - block + place->entry->length;

		if (offset == EXT2_BLOCK_SIZE) {
			walk_end(walk);
			walk->page++;
			result = walk_enter(walk);
		} else {
			place->entry = entry_at(walk->dir, block, offset);
			result = place->entry ? 1 : -EIO;
		}
	}
	if (result != 1)
		walk_end(walk);
	return result;
}

/* The same by looking at all entries. */
static int entry_find_walking(struct inode *dir, const char *name, bool change, struct place *place)
{
	struct walk walk = {.dir = dir, .change = change};
	size_t length = strlen(name);
	int more;

	while ((more = walk_next(&walk)) == 1) {
		if (!names_equal(walk.place.entry, name, length))
			continue;
		*place = walk.place;
		return 0;
	}
	return more ? more : -ENOENT;
}

static uint32_t place_offset(const struct place *place)
{
	return (char *)place->entry - (char *)frame_data(place->frame);
}

/* Gives a large directory its index, if there is memory for it. */
static void index_make(struct inode *dir)
{
	struct walk walk = {.dir = dir};
	struct ext2_index *index = ext2_index_create();
	int more = 0;
	bool collected = index;

	while (collected && (more = walk_next(&walk)) == 1) {
		const struct ext2_entry *entry = walk.place.entry;
		if (entry->inode)
			collected = ext2_index_collect(index, entry->name, entry->name_length,
			                               walk.page, place_offset(&walk.place));
	}
	walk_end(&walk);
	if (collected && more == 0)
		ext2_index_publish(index, ext2_inode(dir));
	else
		ext2_index_discard(index);
}

/* The entry at this place if it has the name: 0; -ENOENT, or an error. */
static int entry_look(struct inode *dir, uint32_t block, uint32_t offset, const char *name,
                      bool change, struct place *place)
{
	struct frame *frame;
	int error = page_get(dir, block, change, &frame);

	if (error)
		return error;
	struct ext2_entry *entry = entry_at(dir, frame_data(frame), offset);
	if (entry && names_equal(entry, name, strlen(name))) {
		*place = (struct place){frame, entry};
		return 0;
	}
	frame_unpin(frame);
	return entry ? -ENOENT : -EIO;
}

/* The entry of this name; its frame is pinned. -ENOENT, or as walk_next: none. */
static int entry_find(struct inode *dir, const char *name, bool change, struct place *place)
{
	uint32_t block, offset;

	if (source_pages(&dir->source) < EXT2_INDEX_BLOCKS)
		return entry_find_walking(dir, name, change, place);
	if (!ext2_index_exists(ext2_inode(dir)))
		index_make(dir);
	for (uint32_t nth = 0;; nth++) {
		int error = ext2_index_find(ext2_inode(dir), name, nth, &block, &offset);
		if (error == -EAGAIN)
			return entry_find_walking(dir, name, change, place);
		if (!error)
			error = entry_look(dir, block, offset, name, change, place);
		else
			return error;
		if (error != -ENOENT)
			return error;
	}
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
	dir->mtime = dir->ctime = inode_now(dir);
	ext2_inode_write(dir);
	ext2_names_changed(ext2_inode(dir));
}

static uint32_t entry_used(const struct ext2_entry *entry)
{
	return entry->inode ? entry_size(entry->name_length) : 0;
}

/* An entry without a name if `name` is "". */
static void entry_fill(const struct ext2_inode *dir, struct ext2_entry *entry, uint32_t length,
                       const char *name, uint32_t number)
{
	entry->inode = number;
	entry->length = length;
	entry->name_length = strlen(name);
	entry->type = number && dir->ext2->has_types ? stored_types[S_IFDIR >> 12] : 0;
	memcpy(entry->name, name, entry->name_length);
}

void ext2_directory_block(const struct ext2_inode *dir, uint32_t index, void *block)
{
	uint32_t used = entry_size(1);

	if (index) {
		entry_fill(dir, block, EXT2_BLOCK_SIZE, "", 0);
		return;
	}
	entry_fill(dir, block, used, ".", dir->inode.number);
	entry_fill(dir, (struct ext2_entry *)((char *)block + used), EXT2_BLOCK_SIZE - used, "..",
	           dir->parent);
}

/* Appends a block without names; pinned. The directory's new size is to be written. */
static int directory_grow(struct inode *dir, struct frame **frame)
{
	uint32_t index = source_pages(&dir->source);

	dir->write_end = dir->source.size + EXT2_BLOCK_SIZE;
	int error = pagecache_get_for_write(&dir->source, index, true, frame);
	dir->write_end = 0;
	if (error)
		return error;
	memset(frame_data(*frame), 0, EXT2_BLOCK_SIZE);
	ext2_directory_block(ext2_inode(dir), index, frame_data(*frame));
	pagecache_dirty(*frame);
	dir->source.size += EXT2_BLOCK_SIZE;
	return 0;
}

/* Room for the name in the (pinned) directory; its frame is pinned. A directory that had to
 * grow for it stays so. Else as walk_next, and nothing is pinned. */
static int entry_room(struct inode *dir, const char *name, struct place *place)
{
	uint32_t size = entry_size(strlen(name));
	struct walk walk = {
		.dir = dir,
		.change = true,
		.page = ext2_index_room(ext2_inode(dir), size),
	};
	int more;

	while ((more = walk_next(&walk)) == 1) {
		const struct ext2_entry *entry = walk.place.entry;

		if (entry->length < entry_used(entry) + size)
			continue;
		*place = walk.place;
		ext2_index_no_room(ext2_inode(dir), size, walk.page);
		return 0;
	}
	if (more < 0)
		return more;
	int error = directory_grow(dir, &place->frame);
	if (error)
		return error;
	place->entry = frame_data(place->frame);
	directory_write(dir);
	return 0;
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
	ext2_index_add(ext2_inode(dir), name, entry->name_length, place->frame->index,
	               (char *)entry - (char *)frame_data(place->frame));
}

/* Makes the name mean another inode. */
static void entry_replace(struct inode *dir, struct place *place, const struct inode *inode)
{
	place->entry->inode = inode->number;
	place->entry->type = ext2_of(dir)->has_types ? stored_types[inode->mode >> 12] : 0;
	pagecache_dirty(place->frame);
}

/* The entry before this one in its block, NULL if it is the first. */
static struct ext2_entry *entry_before(const struct place *place)
{
	struct ext2_entry *entry = frame_data(place->frame), *before = NULL;

	while (entry != place->entry) {
		before = entry;
		entry = (struct ext2_entry *)((char *)entry + entry->length);
	}
	return before;
}

/* Removes the name. Another that was entered meanwhile may be the one before it now, and may have
 * taken its room over. */
static void entry_remove(struct inode *dir, struct place *place)
{
	struct ext2_entry *before = entry_before(place);

	ext2_index_remove(ext2_inode(dir), place->entry->name, place->entry->name_length,
	                  place->frame->index, place_offset(place));
	if (before)
		before->length += place->entry->length;
	else
		place->entry->inode = 0;
	pagecache_dirty(place->frame);
}

/* 0 if there is nothing but "." and ".."; -ENOTEMPTY, or as walk_next. */
static int directory_is_empty(struct inode *dir)
{
	struct walk walk = {.dir = dir};
	int more;

	while ((more = walk_next(&walk)) == 1) {
		const struct ext2_entry *entry = walk.place.entry;

		if (!entry->inode || names_equal(entry, ".", 1) || names_equal(entry, "..", 2))
			continue;
		walk_end(&walk);
		return -ENOTEMPTY;
	}
	return more;
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

/* Whether a program can be shown the name: it would take "a/b" for a path. */
static bool is_name(const struct ext2_entry *entry)
{
	return entry->name_length && !memchr(entry->name, '/', entry->name_length) &&
	       !memchr(entry->name, '\0', entry->name_length);
}

static int ext2_iterate(struct file *file, loff_t *position, emit_function *emit, void *context)
{
	struct inode *dir = file->inode;
	struct ext2 *ext2 = ext2_of(dir);
	int more = 0;

	SCOPED_MUTEX(&dir->lock);
	if (*position < 0 || *position >= (loff_t)dir->source.size)
		return 0;
	struct walk walk = {.dir = dir, .page = *position / EXT2_BLOCK_SIZE};
	while ((more = walk_next(&walk)) == 1) {
		const struct ext2_entry *entry = walk.place.entry;
		loff_t start = (loff_t)walk.page * EXT2_BLOCK_SIZE + page_offset((uintptr_t)entry);
		loff_t next = start + entry->length;

		/* The position may lie inside an entry that has swallowed another. */
		if (start < *position)
			continue;
		if (entry->inode && !is_name(entry))
			more = ext2_damaged(ext2, "a directory has an impossible name: inode",
			                    dir->number);
		else if (entry->inode && !emit(context, entry->name, entry->name_length,
		                               entry->inode, next, entry_type(ext2, entry)))
			more = 0;
		if (more != 1)
			break;
		*position = next;
	}
	walk_end(&walk);
	return more;
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
	inode->ctime = inode_now(inode);
}

/* The inode, made but for its name, goes again. */
static void forget_new(struct inode *inode)
{
	inode->links = 0;
	inode_put(inode);
}

/* The first block of a new directory. */
static int directory_start(struct inode *dir, struct inode *parent)
{
	struct frame *frame;

	ext2_inode(dir)->parent = parent->number;
	int error = directory_grow(dir, &frame);
	if (!error)
		frame_unpin(frame);
	return error;
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

/* Whether the inode's links count a name that is to go from the directory, and the directory's the
 * ".." of it. -EIO. */
static int links_check(struct inode *dir, const struct inode *inode)
{
	if (!inode->links)
		return ext2_damaged(ext2_of(dir), "a file has more names than links: inode",
		                    inode->number);
	if (S_ISDIR(inode->mode) && dir->links <= 2)
		return ext2_damaged(ext2_of(dir), "a directory has too few links: inode",
		                    dir->number);
	return 0;
}

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
	if (!inode->links)
		ext2_orphan_add(ext2_inode(inode));
}

static int ext2_unlink(struct inode *dir, const char *name, struct inode *target)
{
	struct inode *const changed[INODES_MOST] = {dir, target};
	struct place place;
	int error = links_check(dir, target);

	if (!error)
		error = inodes_pin(changed);
	if (error)
		return error;
	error = entry_find(dir, name, true, &place);
	if (!error) {
		entry_remove(dir, &place);
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

/* Whether a rename may be. */
static int move_check(struct inode *from, struct inode *to, struct inode *moved,
                      struct inode *replaced)
{
	int error = links_check(from, moved);

	if (!error && replaced)
		error = links_check(to, replaced);
	if (error || !S_ISDIR(moved->mode))
		return error;
	if (replaced)
		return directory_is_empty(replaced);
	return from != to && to->links >= EXT2_LINKS_MAX ? -EMLINK : 0;
}

/* Finds and pins the entries; those it found until it failed, too. */
static int move_prepare(struct move *move, struct inode *from, const char *name,
                        struct inode *to, const char *new_name, struct inode *moved,
                        struct inode *replaced)
{
	int error = entry_find(from, name, true, &move->old);

	if (!error && S_ISDIR(moved->mode) && from != to)
		error = entry_find(moved, "..", true, &move->up);
	if (!error && replaced)
		error = entry_find(to, new_name, true, &move->new);
	else if (!error)
		error = entry_room(to, new_name, &move->new);
	return error;
}

/* The inode's name went from one directory to the other, and so does its "..", if it has one. */
static void parent_change(struct place *up, struct inode *moved, struct inode *from,
                          struct inode *to)
{
	if (up->frame) {
		entry_replace(moved, up, to);
		links_add(from, -1);
		links_add(to, 1);
		directory_write(moved);
	}
	moved->ctime = inode_now(moved);
	ext2_inode_write(moved);
}

/* The new name appears before the old one goes: there is always one. */
static void move_do(struct move *move, struct inode *from, struct inode *to,
                    const char *new_name, struct inode *moved, struct inode *replaced)
{
	if (replaced)
		entry_replace(to, &move->new, moved);
	else
		entry_enter(to, &move->new, new_name, moved);
	entry_remove(from, &move->old);
	if (replaced)
		link_lost(to, replaced);
	parent_change(&move->up, moved, from, to);
	directory_write(from);
	directory_write(to);
}

static int ext2_rename(struct inode *from, const char *name, struct inode *to,
                       const char *new_name, struct inode *moved, struct inode *replaced)
{
	struct inode *const changed[INODES_MOST] = {from, to, moved, replaced};
	struct move move = {0};
	int error = move_check(from, to, moved, replaced);

	if (!error)
		error = inodes_pin(changed);
	if (error)
		return error;
	error = move_prepare(&move, from, name, to, new_name, moved, replaced);
	if (!error)
		move_do(&move, from, to, new_name, moved, replaced);
	move_release(&move);
	inodes_unpin(changed, INODES_MOST);
	return error;
}

static int exchange_prepare(struct move *move, struct place *other_up, struct inode *from,
                            const char *name, struct inode *to, const char *new_name,
                            struct inode *moved, struct inode *other)
{
	int error = move_prepare(move, from, name, to, new_name, moved, other);

	if (!error && S_ISDIR(other->mode) && from != to)
		error = entry_find(other, "..", true, other_up);
	return error;
}

/* Whether an exchange may be: none of the directories gets one too many that names it as "..". */
static int exchange_check(struct inode *from, struct inode *to, const struct inode *moved,
                          const struct inode *other)
{
	int error = links_check(from, moved);

	if (!error)
		error = links_check(to, other);
	if (error || from == to || S_ISDIR(moved->mode) == S_ISDIR(other->mode))
		return error;
	return (S_ISDIR(moved->mode) ? to : from)->links >= EXT2_LINKS_MAX ? -EMLINK : 0;
}

static int ext2_exchange(struct inode *from, const char *name, struct inode *to,
                         const char *new_name, struct inode *moved, struct inode *other)
{
	struct inode *const changed[INODES_MOST] = {from, to, moved, other};
	struct place other_up = {0};
	struct move move = {0};
	int error = exchange_check(from, to, moved, other);

	if (!error)
		error = inodes_pin(changed);
	if (error)
		return error;
	error = exchange_prepare(&move, &other_up, from, name, to, new_name, moved, other);
	if (!error) {
		entry_replace(from, &move.old, other);
		entry_replace(to, &move.new, moved);
		parent_change(&move.up, moved, from, to);
		parent_change(&other_up, other, to, from);
		directory_write(from);
		directory_write(to);
	}
	move_release(&move);
	if (other_up.frame)
		frame_unpin(other_up.frame);
	inodes_unpin(changed, INODES_MOST);
	return error;
}

static int ext2_create_nameless(struct inode *dir, uint32_t mode, struct inode **made)
{
	struct ext2_inode *file;
	int error = ext2_inode_create(dir, mode, 0, &file);

	if (error)
		return error;
	file->inode.links = 0;
	error = ext2_inode_store(&file->inode);
	if (error)
		forget_new(&file->inode);
	else
		*made = &file->inode;
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
	.exchange = ext2_exchange,
	.create_nameless = ext2_create_nameless,
	.readlink = ext2_readlink,
	.truncate = ext2_truncate,
	.run = ext2_run,
	.punch = ext2_punch,
	.reserve = ext2_reserve,
	.attributes = ext2_attributes,
	.attributes_changed = ext2_attributes_changed,
	.write_inode = ext2_inode_store,
	.pin = ext2_inode_pin,
	.unpin = ext2_inode_unpin,
	.release = ext2_release,
};
