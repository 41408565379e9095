/* SPDX-License-Identifier: MIT */
/*
 * ext2: which blocks and inodes are free. A bitmap a group, the counts in its descriptor,
 * and the sums in the superblock change together, under alloc_lock: all three blocks are
 * brought into memory first, so that nothing fails between. Giving back waits for that
 * memory: nobody could take it up later.
 *
 * Locality: a block comes from behind its goal (the file's last block), then from the
 * goal's group, then from the groups after it. A file's inode lies in its directory's
 * group; a new directory goes to the group with the most free blocks.
 */
#include <asm/errno.h>
#include <linux/magic.h>

#include "kernel/fs/ext2.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/pagecache.h"

/* The three blocks of one change. */
struct change {
	struct frame *bitmap_frame, *group_frame, *super_frame;
	struct bitmap bitmap;
	struct ext2_group *group;
	struct ext2_super *super;
};

static int group_get(struct ext2 *ext2, uint32_t number, bool change, struct frame **frame,
                     struct ext2_group **group)
{
	void *data;
	int error = ext2_block_get(ext2, 1 + number / EXT2_GROUPS_PER_BLOCK, change, frame, &data);

	if (!error)
		*group = (struct ext2_group *)data + number % EXT2_GROUPS_PER_BLOCK;
	return error;
}

static int super_get(struct ext2 *ext2, bool change, struct frame **frame,
                     struct ext2_super **super)
{
	void *data;
	int error = ext2_block_get(ext2, 0, change, frame, &data);

	if (!error)
		*super = (struct ext2_super *)((char *)data + EXT2_SUPER_OFFSET);
	return error;
}

static void change_end(struct change *change, bool changed)
{
	if (change->bitmap_frame)
		ext2_block_put(change->bitmap_frame, changed);
	if (change->super_frame)
		ext2_block_put(change->super_frame, changed);
	if (change->group_frame)
		ext2_block_put(change->group_frame, changed);
}

static int bitmap_get(struct ext2 *ext2, uint32_t group, bool inodes, struct change *change)
{
	uint32_t block = inodes ? change->group->inode_bitmap : change->group->block_bitmap;
	uint32_t bits = ext2->inodes_per_group;
	uint32_t free = inodes ? change->group->free_inodes : change->group->free_blocks;
	void *data;

	if (!inodes) {
		uint32_t left = ext2->blocks - group * ext2->blocks_per_group;
		bits = left < ext2->blocks_per_group ? left : ext2->blocks_per_group;
	}
	int error = ext2_block_get(ext2, block, true, &change->bitmap_frame, &data);
	if (!error)
		change->bitmap = (struct bitmap){data, bits, free < bits ? bits - free : 0};
	return error;
}

/* Brings the blocks for a change of this group; alloc_lock held. */
static int change_start(struct ext2 *ext2, uint32_t group, bool inodes, struct change *change)
{
	*change = (struct change){0};
	int error = ext2_changing_locked(ext2);
	if (!error)
		error = group_get(ext2, group, true, &change->group_frame, &change->group);
	if (!error)
		error = super_get(ext2, true, &change->super_frame, &change->super);
	if (!error)
		error = bitmap_get(ext2, group, inodes, change);
	if (error)
		change_end(change, false);
	return error;
}

/* The same, for giving back, which must not fail for want of memory: takes alloc_lock, and lets
 * go of it while it waits. Returns with the lock unless it fails. -EIO. */
static int change_start_lock(struct ext2 *ext2, uint32_t group, bool inodes,
                             struct change *change)
{
	int error;

	do {
		mutex_lock(&ext2->alloc_lock);
		error = change_start(ext2, group, inodes, change);
		if (error)
			mutex_unlock(&ext2->alloc_lock);
	} while (ext2_waited_for_memory(error));
	return error;
}

/* The group's counts, to see whether it is worth a try. -EIO, -ENOMEM. */
static int group_look(struct ext2 *ext2, uint32_t number, struct ext2_group *copy)
{
	struct frame *frame;
	struct ext2_group *group;
	int error = group_get(ext2, number, false, &frame, &group);

	if (error)
		return error;
	*copy = *group;
	ext2_block_put(frame, false);
	return 0;
}

/* Whether the block can belong to a file: behind the descriptors and on the disk. */
bool ext2_block_is_data(struct ext2 *ext2, uint32_t block)
{
	return block > (ext2->groups - 1) / EXT2_GROUPS_PER_BLOCK + 1 && block < ext2->blocks;
}

/* --- blocks ----------------------------------------------------------------------------- */

/* Makes the block, just taken, fit for its new owner. */
static int block_renew(struct ext2 *ext2, uint32_t block, bool zeroed)
{
	struct frame *frame;

	/* The disk's cache may hold it, from when it was someone else's. */
	pagecache_forget(ext2->disk, block);
	if (!zeroed)
		return 0;
	int error = pagecache_get_for_write(ext2->disk, block, true, &frame);
	if (error)
		return error;
	memset(frame_data(frame), 0, EXT2_BLOCK_SIZE);
	ext2_block_put(frame, true);
	return 0;
}

/* Takes a block of this group; leaves *block alone if there is none. */
static int group_take_block(struct ext2 *ext2, uint32_t group, uint32_t from, bool zeroed,
                            uint32_t *block)
{
	struct change change;
	int error = change_start(ext2, group, false, &change);

	if (error)
		return error;
	uint32_t bit = bitmap_take(&change.bitmap, from < change.bitmap.bits ? from : 0);
	if (bit == BITMAP_NONE) {
		change_end(&change, false);
		return 0;
	}
	*block = group * ext2->blocks_per_group + bit;
	bool data = ext2_block_is_data(ext2, *block);
	error = data ? block_renew(ext2, *block, zeroed) : 0;
	if (error) {
		bitmap_clear(&change.bitmap, bit);
	} else {
		change.group->free_blocks--;
		change.super->free_blocks--;
	}
	change_end(&change, !error);
	if (!data) {
		ext2_complain(ext2, "a block of metadata is marked free:", *block);
		return -EIO;
	}
	return error;
}

int ext2_block_alloc(struct ext2 *ext2, uint32_t goal, bool zeroed, uint32_t *block)
{
	uint32_t group = goal / ext2->blocks_per_group, from = goal % ext2->blocks_per_group;

	if (group >= ext2->groups)
		group = from = 0;
	SCOPED_MUTEX(&ext2->alloc_lock);
	for (uint32_t i = 0; i < ext2->groups; i++, from = 0) {
		uint32_t number = (group + i) % ext2->groups;
		struct ext2_group counts;
		int error = group_look(ext2, number, &counts);

		*block = 0;
		if (!error && counts.free_blocks)
			error = group_take_block(ext2, number, from, zeroed, block);
		if (error || *block)
			return error;
	}
	return -ENOSPC;
}

int ext2_block_free(struct ext2 *ext2, uint32_t block)
{
	uint32_t group = block / ext2->blocks_per_group, bit = block % ext2->blocks_per_group;
	struct change change;

	if (!ext2_block_is_data(ext2, block)) {
		ext2_complain(ext2, "a file has an impossible block:", block);
		return 0;
	}
	int error = change_start_lock(ext2, group, false, &change);
	if (error)
		return error;
	/* Not before: as long as the block is the file's, what it holds counts. */
	pagecache_forget(ext2->disk, block);
	bool used = bitmap_test(&change.bitmap, bit);
	if (used) {
		bitmap_clear(&change.bitmap, bit);
		change.group->free_blocks++;
		change.super->free_blocks++;
	} else {
		ext2_complain(ext2, "a file has a block that is free:", block);
	}
	change_end(&change, used);
	mutex_unlock(&ext2->alloc_lock);
	return 0;
}

/* --- inode numbers ---------------------------------------------------------------------- */

/* The group for a new directory: the one with most free blocks that has a free inode. */
static uint32_t directory_group(struct ext2 *ext2, uint32_t parent_group)
{
	uint32_t best = parent_group, most = 0;

	for (uint32_t i = 0; i < ext2->groups; i++) {
		uint32_t group = (parent_group + i) % ext2->groups;
		struct ext2_group counts;

		if (!group_look(ext2, group, &counts) && counts.free_inodes &&
		    counts.free_blocks > most) {
			best = group;
			most = counts.free_blocks;
		}
	}
	return best;
}

static int group_take_number(struct ext2 *ext2, uint32_t group, bool directory, uint32_t *bit)
{
	struct change change;
	uint32_t first = group ? 0 : ext2->first_inode - 1;
	int error = change_start(ext2, group, true, &change);

	if (error)
		return error;
	*bit = bitmap_take(&change.bitmap, first);
	if (*bit != BITMAP_NONE) {
		change.group->free_inodes--;
		change.super->free_inodes--;
		change.group->directories += directory;
	}
	change_end(&change, *bit != BITMAP_NONE);
	return 0;
}

int ext2_number_alloc(struct ext2 *ext2, uint32_t parent, bool directory, uint32_t *number)
{
	uint32_t start = (parent - 1) / ext2->inodes_per_group;

	SCOPED_MUTEX(&ext2->alloc_lock);
	if (directory)
		start = directory_group(ext2, start);
	for (uint32_t i = 0; i < ext2->groups; i++) {
		uint32_t group = (start + i) % ext2->groups, bit = BITMAP_NONE;
		struct ext2_group counts;
		int error = group_look(ext2, group, &counts);

		if (!error && counts.free_inodes)
			error = group_take_number(ext2, group, directory, &bit);
		if (error)
			return error;
		if (bit == BITMAP_NONE)
			continue;
		*number = group * ext2->inodes_per_group + bit + 1;
		return 0;
	}
	return -ENOSPC;
}

int ext2_number_free(struct ext2 *ext2, uint32_t number, bool directory)
{
	uint32_t group = (number - 1) / ext2->inodes_per_group;
	uint32_t bit = (number - 1) % ext2->inodes_per_group;
	struct change change;
	int error = change_start_lock(ext2, group, true, &change);

	if (error)
		return error;
	bool used = bitmap_test(&change.bitmap, bit);
	if (used) {
		bitmap_clear(&change.bitmap, bit);
		change.group->free_inodes++;
		change.super->free_inodes++;
		change.group->directories -= directory;
	} else {
		ext2_complain(ext2, "a deleted file's inode was free already:", number);
	}
	change_end(&change, used);
	mutex_unlock(&ext2->alloc_lock);
	return 0;
}

/* --- the superblock --------------------------------------------------------------------- */

int ext2_allow_large_files(struct ext2 *ext2)
{
	struct frame *frame;
	struct ext2_super *super;

	SCOPED_MUTEX(&ext2->alloc_lock);
	if (ext2->large_files)
		return 0;
	if (!ext2->may_be_large)
		return -EFBIG;
	int error = super_get(ext2, true, &frame, &super);
	if (error)
		return error;
	super->read_only_compatible |= EXT2_RO_LARGE_FILE;
	ext2_block_put(frame, true);
	ext2->large_files = true;
	return 0;
}

int ext2_statfs(struct file_system *fs, struct statfs64 *to)
{
	struct ext2 *ext2 = fs->private;
	struct frame *frame;
	struct ext2_super *super;
	int error = super_get(ext2, false, &frame, &super);

	if (error)
		return error;
	to->f_type = EXT2_SUPER_MAGIC;
	to->f_blocks = super->blocks_count;
	to->f_bfree = super->free_blocks;
	to->f_bavail = super->free_blocks > super->reserved_blocks
	                       ? super->free_blocks - super->reserved_blocks
	                       : 0;
	to->f_files = super->inodes_count;
	to->f_ffree = super->free_inodes;
	ext2_block_put(frame, false);
	return 0;
}
