/* SPDX-License-Identifier: MIT */
/*
 * ext2: which blocks and inodes are free. A bitmap a group, the counts in its descriptor,
 * and the sums in the superblock change together, under alloc_lock: all three blocks are
 * brought into memory first, so that nothing fails between. Giving back waits for that
 * memory: nobody could take it up later.
 *
 * What was freed is held until all names and metadata have been made durable: until then the disk
 * may still say that it is the old owner's, and a power cut would leave that one with another's
 * bytes. Only then can it be taken again. It counts as free; if nothing else is left, all is made durable.
 *
 * Locality: a block comes from behind its goal (the file's last block), then from the
 * goal's group, then from the groups after it. A file's inode lies in its directory's
 * group; a new directory goes to the group with the most free blocks.
 */
#include <asm/errno.h>
#include <linux/magic.h>

#include "kernel/fs/ext2.h"
#include "kernel/mem/slab.h"
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
	const struct ext2_places *places = &ext2->places[group];
	uint32_t block = inodes ? places->inode_bitmap : places->block_bitmap;
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

bool ext2_block_is_data(const struct ext2 *ext2, uint32_t block)
{
	if (block <= (ext2->groups - 1) / EXT2_GROUPS_PER_BLOCK + 1 || block >= ext2->blocks)
		return false;
	const struct ext2_places *places = &ext2->places[block / ext2->blocks_per_group];
	return block != places->block_bitmap && block != places->inode_bitmap &&
	       block - places->inode_table >= ext2->table_blocks;
}

/* --- what was freed and may not be taken yet --------------------------------------------- */

/* Of one group. */
struct ext2_held {
	uint32_t *blocks, *numbers; /* a bit each, as in its bitmaps */
	bool any;
};

int ext2_held_create(struct ext2 *ext2)
{
	ext2->held = kmalloc_zeroed(ext2->groups * sizeof(*ext2->held));
	if (!ext2->held)
		return -ENOMEM;
	for (uint32_t i = 0; i < ext2->groups; i++) {
		struct ext2_held *held = &ext2->held[i];

		held->blocks = kmalloc_zeroed(BITMAP_BYTES(ext2->blocks_per_group));
		held->numbers = kmalloc_zeroed(BITMAP_BYTES(ext2->inodes_per_group));
		if (!held->blocks || !held->numbers)
			return -ENOMEM;
	}
	return 0;
}

void ext2_held_destroy(struct ext2 *ext2)
{
	for (uint32_t i = 0; ext2->held && i < ext2->groups; i++) {
		kfree(ext2->held[i].blocks);
		kfree(ext2->held[i].numbers);
	}
	kfree(ext2->held);
	ext2->held = NULL;
}

static void hold(struct ext2 *ext2, struct ext2_held *held, uint32_t *bits, uint32_t bit)
{
	bits[bit / 32] |= UINT32_C(1) << bit % 32;
	held->any = ext2->any_held = true;
	ext2->frees++;
}

static void hold_none(struct ext2 *ext2)
{
	for (uint32_t i = 0; ext2->any_held && i < ext2->groups; i++) {
		struct ext2_held *held = &ext2->held[i];

		if (!held->any)
			continue;
		memset(held->blocks, 0, BITMAP_BYTES(ext2->blocks_per_group));
		memset(held->numbers, 0, BITMAP_BYTES(ext2->inodes_per_group));
		held->any = false;
	}
	ext2->any_held = false;
}

void ext2_names_changed(struct ext2_inode *directory)
{
	struct ext2 *ext2 = directory->ext2;

	spin_lock(&ext2->changed_lock);
	if (!list_linked(&directory->changed_link))
		list_append(&ext2->changed, &directory->changed_link);
	spin_unlock(&ext2->changed_lock);
}

/* The number of the next directory whose names changed, which is none of these any more; or 0. */
static uint32_t next_changed(struct ext2 *ext2)
{
	spin_lock(&ext2->changed_lock);
	struct list_link *link = list_pop(&ext2->changed);
	uint32_t number = link ? LIST_ENTRY(link, struct ext2_inode, changed_link)->inode.number : 0;
	spin_unlock(&ext2->changed_lock);
	return number;
}

/* Writes the names of all directories. One that left the cache was written before. */
static int names_write(struct ext2 *ext2)
{
	uint32_t number;
	int error = 0;

	while (!error && (number = next_changed(ext2))) {
		struct inode *directory = inode_find(ext2->fs, number);
		if (!directory)
			continue;
		uint32_t told = directory->source.write_errors;
		error = pagecache_sync(&directory->source, 0, UINT32_MAX, &told);
		if (error)
			ext2_names_changed(ext2_inode(directory));
		inode_put_unslept(directory);
	}
	return error;
}

/* What could not be written stays dirty, and each call tries it again, so nobody need be told of
 * earlier failures. */
static int settle(struct ext2 *ext2)
{
	uint32_t told = ext2->disk->write_errors;
	int names = names_write(ext2);
	int error = pagecache_make_durable(ext2->disk, 0, UINT32_MAX, false, &told);

	return error ? error : names;
}

/* The disk is full but for what is held: true if there was any, and now is none. alloc_lock held,
 * so that nothing more is freed meanwhile. */
static bool held_release(struct ext2 *ext2)
{
	if (!ext2->any_held || settle(ext2))
		return false;
	hold_none(ext2);
	return true;
}

int ext2_settle_all(struct ext2 *ext2)
{
	mutex_lock(&ext2->alloc_lock);
	uint32_t frees = ext2->frees;
	mutex_unlock(&ext2->alloc_lock);
	int error = settle(ext2);
	mutex_lock(&ext2->alloc_lock);
	if (!error && frees == ext2->frees)
		hold_none(ext2);
	mutex_unlock(&ext2->alloc_lock);
	return error;
}

/* --- blocks ----------------------------------------------------------------------------- */

/* Takes a block of this group, which counts some as free; leaves *block alone if all of them are
 * held. */
static int group_take_block(struct ext2 *ext2, uint32_t group, uint32_t from, uint32_t *block)
{
	struct change change;
	int error = change_start(ext2, group, false, &change);

	if (error)
		return error;
	uint32_t bit = bitmap_take_but(&change.bitmap, ext2->held[group].blocks,
	                               from < change.bitmap.bits ? from : 0);
	if (bit == BITMAP_NONE || !change.super->free_blocks) {
		change_end(&change, false);
		return bit == BITMAP_NONE && ext2->held[group].any ? 0
		       : ext2_damaged(ext2, "fewer blocks are free than are counted in group", group);
	}
	*block = group * ext2->blocks_per_group + bit;
	if (!ext2_block_is_data(ext2, *block)) {
		bitmap_clear(&change.bitmap, bit);
		change_end(&change, false);
		return ext2_damaged(ext2, "a block of metadata is marked free:", *block);
	}
	change.group->free_blocks--;
	change.super->free_blocks--;
	change_end(&change, true);
	/* The disk's cache may hold it, from when it was someone else's. */
	pagecache_forget(ext2->disk, *block);
	return 0;
}

static uint32_t not_promised(const struct ext2 *ext2, uint32_t free)
{
	uint32_t reserved = __atomic_load_n(&ext2->reserved, __ATOMIC_RELAXED);

	return free > reserved ? free - reserved : 0;
}

/* How many blocks are free and promised to nobody; alloc_lock held. */
static int count_free(struct ext2 *ext2, uint32_t *free)
{
	struct frame *frame;
	struct ext2_super *super;
	int error = super_get(ext2, false, &frame, &super);

	if (error)
		return error;
	*free = not_promised(ext2, super->free_blocks);
	ext2_block_put(frame, false);
	return 0;
}

int ext2_blocks_promise(struct ext2 *ext2, uint32_t before, uint32_t blocks)
{
	uint32_t free;

	if (blocks <= before) {
		__atomic_fetch_sub(&ext2->reserved, before - blocks, __ATOMIC_RELAXED);
		return 0;
	}
	SCOPED_MUTEX(&ext2->alloc_lock);
	int error = count_free(ext2, &free);
	if (!error && free < blocks - before)
		error = -ENOSPC;
	if (!error)
		__atomic_fetch_add(&ext2->reserved, blocks - before, __ATOMIC_RELAXED);
	return error;
}

/* Whether there is a block beside those that are promised to others. */
static int check_promises(struct ext2 *ext2, bool promised)
{
	uint32_t free;

	if (promised || !ext2->reserved)
		return 0;
	int error = count_free(ext2, &free);
	return error || free ? error : -ENOSPC;
}

/* The first group from the goal's on that has a block; 0: none has. alloc_lock held. */
static int take_block(struct ext2 *ext2, uint32_t goal, uint32_t *block)
{
	uint32_t group = goal / ext2->blocks_per_group, from = goal % ext2->blocks_per_group;

	if (group >= ext2->groups)
		group = from = 0;
	*block = 0;
	for (uint32_t i = 0; i < ext2->groups; i++, from = 0) {
		uint32_t number = (group + i) % ext2->groups;
		struct ext2_group counts;
		int error = group_look(ext2, number, &counts);

		if (!error && counts.free_blocks)
			error = group_take_block(ext2, number, from, block);
		if (error || *block)
			return error;
	}
	return 0;
}

int ext2_block_alloc(struct ext2 *ext2, uint32_t goal, bool promised, uint32_t *block)
{
	SCOPED_MUTEX(&ext2->alloc_lock);
	int error = check_promises(ext2, promised);
	if (!error)
		error = take_block(ext2, goal, block);
	if (!error && !*block && held_release(ext2))
		error = take_block(ext2, goal, block);
	if (error || !*block)
		return error ? error : -ENOSPC;
	__atomic_fetch_sub(&ext2->reserved, promised, __ATOMIC_RELAXED);
	return 0;
}

/* Gives one block back, of the group that the change is of. */
static int change_free(struct ext2 *ext2, struct change *change, uint32_t group, uint32_t block)
{
	uint32_t bit = block % ext2->blocks_per_group;
	struct ext2_held *held = &ext2->held[group];

	if (!ext2_block_is_data(ext2, block))
		return ext2_damaged(ext2, "a file has an impossible block:", block);
	if (!bitmap_test(&change->bitmap, bit))
		return ext2_damaged(ext2, "a file has a block that is free:", block);
	if (change->group->free_blocks >= change->bitmap.bits)
		return ext2_damaged(ext2, "too many blocks are free in group", group);
	/* Not before: as long as the block is the file's, what it holds counts. */
	pagecache_forget(ext2->disk, block);
	bitmap_clear(&change->bitmap, bit);
	hold(ext2, held, held->blocks, bit);
	change->group->free_blocks++;
	change->super->free_blocks++;
	return 0;
}

/* Frees from blocks[*next] on what lies in its group, as one change. *next moves behind it. */
static int group_free(struct ext2 *ext2, uint32_t *blocks, uint32_t count, uint32_t *next,
                      uint32_t *freed)
{
	uint32_t group = blocks[*next] / ext2->blocks_per_group, before = *freed;
	struct change change;

	if (group >= ext2->groups)
		return ext2_damaged(ext2, "a file has an impossible block:", blocks[*next]);
	int error = change_start_lock(ext2, group, false, &change);
	if (error)
		return error;
	for (; *next < count && !error; ++*next) {
		uint32_t block = blocks[*next];

		if (!block)
			continue;
		if (block / ext2->blocks_per_group != group)
			break;
		error = change_free(ext2, &change, group, block);
		if (!error) {
			blocks[*next] = 0;
			++*freed;
		}
	}
	change_end(&change, *freed != before);
	mutex_unlock(&ext2->alloc_lock);
	return error;
}

int ext2_blocks_give_back(struct ext2 *ext2, uint32_t *blocks, uint32_t count, uint32_t *freed)
{
	int error = 0;

	*freed = 0;
	for (uint32_t next = 0; next < count && !error;) {
		if (blocks[next])
			error = group_free(ext2, blocks, count, &next, freed);
		else
			next++;
	}
	return error;
}

int ext2_block_free(struct ext2 *ext2, uint32_t block)
{
	uint32_t freed;

	return block ? ext2_blocks_give_back(ext2, &block, 1, &freed)
	             : ext2_damaged(ext2, "a file has an impossible block:", block);
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
	*bit = bitmap_take_but(&change.bitmap, ext2->held[group].numbers, first);
	/* Searched from the front again, it may be one that is the file system's own. */
	bool good = *bit != BITMAP_NONE && *bit >= first && change.super->free_inodes;
	bool held = *bit == BITMAP_NONE && ext2->held[group].any;
	if (good) {
		change.group->free_inodes--;
		change.super->free_inodes--;
		change.group->directories += directory;
	} else if (*bit != BITMAP_NONE) {
		bitmap_clear(&change.bitmap, *bit);
	}
	change_end(&change, good);
	return good || held ? 0
	       : ext2_damaged(ext2, "fewer inodes are free than are counted in group", group);
}

/* The first group from `start` on that has a number; 0: none has. alloc_lock held. */
static int take_number(struct ext2 *ext2, uint32_t start, bool directory, uint32_t *number)
{
	*number = 0;
	for (uint32_t i = 0; i < ext2->groups; i++) {
		uint32_t group = (start + i) % ext2->groups, bit;
		struct ext2_group counts;
		int error = group_look(ext2, group, &counts);

		if (!error && !counts.free_inodes)
			continue;
		if (!error)
			error = group_take_number(ext2, group, directory, &bit);
		if (!error && bit == BITMAP_NONE)
			continue;
		if (!error)
			*number = group * ext2->inodes_per_group + bit + 1;
		return error;
	}
	return 0;
}

int ext2_number_alloc(struct ext2 *ext2, uint32_t parent, bool directory, uint32_t *number)
{
	uint32_t start = (parent - 1) / ext2->inodes_per_group;

	SCOPED_MUTEX(&ext2->alloc_lock);
	if (directory)
		start = directory_group(ext2, start);
	int error = take_number(ext2, start, directory, number);
	if (!error && !*number && held_release(ext2))
		error = take_number(ext2, start, directory, number);
	return !error && !*number ? -ENOSPC : error;
}

int ext2_number_free(struct ext2 *ext2, uint32_t number, bool directory)
{
	uint32_t group = (number - 1) / ext2->inodes_per_group;
	uint32_t bit = (number - 1) % ext2->inodes_per_group;
	struct change change;
	int error = change_start_lock(ext2, group, true, &change);

	if (error)
		return error;
	bool good = bitmap_test(&change.bitmap, bit) &&
	            change.group->free_inodes < change.bitmap.bits &&
	            (!directory || change.group->directories);
	if (good) {
		bitmap_clear(&change.bitmap, bit);
		hold(ext2, &ext2->held[group], ext2->held[group].numbers, bit);
		change.group->free_inodes++;
		change.super->free_inodes++;
		change.group->directories -= directory;
	}
	change_end(&change, good);
	mutex_unlock(&ext2->alloc_lock);
	return good ? 0 : ext2_damaged(ext2, "bitmap and counts do not know the inode", number);
}

/* --- the superblock --------------------------------------------------------------------- */

/* The superblock tells of these features from now on, and *told says that it does; `refusal` if its
 * revision knows none. */
static int tell_features(struct ext2 *ext2, bool *told, uint32_t compatible,
                         uint32_t read_only_compatible, int refusal)
{
	struct frame *frame;
	struct ext2_super *super;

	SCOPED_MUTEX(&ext2->alloc_lock);
	if (*told)
		return 0;
	if (!ext2->knows_features)
		return refusal;
	int error = super_get(ext2, true, &frame, &super);
	if (error)
		return error;
	super->compatible |= compatible;
	super->read_only_compatible |= read_only_compatible;
	ext2_block_put(frame, true);
	*told = true;
	return 0;
}

int ext2_allow_large_files(struct ext2 *ext2)
{
	return tell_features(ext2, &ext2->large_files, 0, EXT2_RO_LARGE_FILE, -EFBIG);
}

int ext2_allow_attributes(struct ext2 *ext2)
{
	return tell_features(ext2, &ext2->attributes, EXT2_COMPATIBLE_ATTRIBUTES, 0, -EOPNOTSUPP);
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
	uint32_t free = not_promised(ext2, super->free_blocks);
	to->f_bfree = free;
	to->f_bavail = free > super->reserved_blocks ? free - super->reserved_blocks : 0;
	to->f_files = super->inodes_count;
	to->f_ffree = super->free_inodes;
	ext2_block_put(frame, false);
	return 0;
}
