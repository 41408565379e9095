/* SPDX-License-Identifier: MIT */
/*
 * ext2: from a page of a file to the block on the disk that holds it.
 *
 *   inode  block[0..11] -------------------------------> data
 *          block[12] -> 1,024 pointers ----------------> data
 *          block[13] -> 1,024 -> 1,024 ----------------> data
 *          block[14] -> 1,024 -> 1,024 -> 1,024 -------> data      0: a hole
 *
 * map_lock guards the pointers. A page's block is noted in its frame (frame->block), so
 * that writing the page back needs no lock and no look-up.
 *
 * Truncation and page faults meet here: a page behind the end reads as a hole and is given
 * no block. So after the size was lowered and map_lock was held once, every page that knows
 * a block behind the end is in the page cache, where ext2_truncate drops it before the
 * block is freed.
 */
#include <asm/errno.h>

#include "kernel/dev/block.h"
#include "kernel/fs/ext2.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/vm.h"

#define LEVELS 3u

/* --- looking up ------------------------------------------------------------------------- */

/* Splits the index: place[0] in the inode, place[1..] in the indirect blocks below it.
 * Returns how many indirect blocks are on the way, or -EFBIG. */
static int map_places(uint32_t index, uint32_t place[LEVELS + 1])
{
	uint64_t span = EXT2_POINTERS;

	if (index < EXT2_DIRECT) {
		place[0] = index;
		return 0;
	}
	index -= EXT2_DIRECT;
	for (uint32_t levels = 1; levels <= LEVELS; levels++, span *= EXT2_POINTERS) {
		if (index >= span) {
			index -= span;
			continue;
		}
		place[0] = EXT2_DIRECT + levels - 1;
		for (uint32_t level = levels; level > 0; level--) {
			place[level] = index % EXT2_POINTERS;
			index /= EXT2_POINTERS;
		}
		return levels;
	}
	return -EFBIG;
}

/* Where the next block of the file would best lie. */
static uint32_t map_goal(struct ext2_inode *file, uint32_t index)
{
	if (file->last_block && index == file->last_index + 1)
		return file->last_block + 1;
	if (file->last_block)
		return file->last_block;
	return (file->inode.number - 1) / file->ext2->inodes_per_group *
	       file->ext2->blocks_per_group;
}

/* Takes a block for the file; one that will hold pointers is filled with zeros. */
static int map_allocate(struct ext2_inode *file, uint32_t index, bool pointers, uint32_t *block)
{
	int error = ext2_block_alloc(file->ext2, map_goal(file, index), pointers, block);

	if (error)
		return error;
	file->last_index = pointers && index ? index - 1 : index;
	file->last_block = *block;
	file->inode.blocks += SECTORS_PER_PAGE;
	return 0;
}

/*
 * The block of the file's page, 0 for a hole; with `allocate` a hole is given a block, and
 * so are the indirect blocks on the way to it. map_lock held; the inode is to be written if
 * *allocated, also after an error.
 */
static int map_find(struct ext2_inode *file, uint32_t index, bool allocate, uint32_t *block,
                    bool *allocated)
{
	uint32_t place[LEVELS + 1] = {0};
	int levels = map_places(index, place);
	uint32_t *pointer = &file->block[place[0]];
	struct frame *frame = NULL, *next;
	void *data;
	int error = levels < 0 ? levels : 0;

	for (int level = 0; !error; level++) {
		bool changed = false;

		if (!*pointer && allocate) {
			uint32_t new;
			error = map_allocate(file, index, level < levels, &new);
			if (error)
				break;
			*pointer = new;
			changed = *allocated = true;
		}
		*block = *pointer;
		if (frame && changed)
			pagecache_dirty(frame);
		if (*block && !ext2_block_is_data(file->ext2, *block)) {
			ext2_complain(file->ext2, "a file has an impossible block:", *block);
			error = -EIO;
		}
		if (error || !*block || level == levels)
			break;
		error = ext2_block_get(file->ext2, *block, allocate, &next, &data);
		if (error)
			break;
		if (frame)
			ext2_block_put(frame, false);
		frame = next;
		pointer = (uint32_t *)data + place[level + 1];
	}
	if (frame)
		ext2_block_put(frame, false);
	return error;
}

/* --- pages ------------------------------------------------------------------------------ */

static void page_read(struct page_source *source, struct frame *frame)
{
	struct ext2_inode *file = ext2_inode(inode_of_source(source));
	uint32_t block = 0;
	bool allocated;
	int error;

	/* Whoever wants the page can be told of a bad disk only, not of too little memory. */
	do {
		mutex_lock(&file->map_lock);
		error = frame->index < source_pages(source)
		                ? map_find(file, frame->index, false, &block, &allocated)
		                : 0;
		frame->block = error ? 0 : block;
		mutex_unlock(&file->map_lock);
	} while (ext2_waited_for_memory(error));
	if (!error && block) {
		frame_io_start(frame, file->inode.fs->disk, block * SECTORS_PER_PAGE, false);
		return;
	}
	if (!error)
		memset(frame_data(frame), 0, PAGE_SIZE);
	frame_io_done(frame, error);
}

static void page_write(struct page_source *source, struct frame *frame)
{
	frame_io_start(frame, inode_of_source(source)->fs->disk, frame->block * SECTORS_PER_PAGE,
	               true);
}

/* Whether the pinned page is still the file's, and not cut off by a truncation. */
static bool page_belongs(struct inode *inode, struct frame *frame)
{
	uint64_t start = (uint64_t)frame->index << PAGE_SHIFT;

	spin_lock(&vm_lock);
	bool owned = frame->state == FRAME_FILE && frame->owner.source == &inode->source;
	spin_unlock(&vm_lock);
	return owned && (start < inode->source.size || start < inode->write_end);
}

static int page_prepare_write(struct page_source *source, struct frame *frame)
{
	struct inode *inode = inode_of_source(source);
	struct ext2_inode *file = ext2_inode(inode);
	uint64_t end = ((uint64_t)frame->index + 1) << PAGE_SHIFT;
	bool allocated = false;

	if (frame->block)
		return 0;
	SCOPED_MUTEX(&file->map_lock);
	if (!page_belongs(inode, frame))
		return -EIO; /* the one who asks will see why */
	int error = ext2_inode_pin_locked(file);
	if (error)
		return error;
	error = end > INT32_MAX ? ext2_allow_large_files(file->ext2) : 0;
	if (!error)
		error = map_find(file, frame->index, true, &frame->block, &allocated);
	if (error)
		frame->block = 0;
	if (allocated)
		ext2_inode_write_locked(file);
	ext2_inode_unpin_locked(file);
	return error;
}

/* For swap files: where the page lies; 0 for a hole or an error. */
static uint32_t page_sector(struct page_source *source, uint32_t index)
{
	struct ext2_inode *file = ext2_inode(inode_of_source(source));
	uint32_t block = 0;
	bool allocated;

	SCOPED_MUTEX(&file->map_lock);
	return map_find(file, index, false, &block, &allocated) ? 0 : block * SECTORS_PER_PAGE;
}

const struct page_source_ops ext2_source_ops = {
	.read = page_read,
	.write = page_write,
	.prepare_write = page_prepare_write,
	.get = inode_source_get,
	.put = inode_source_put,
	.describe = inode_source_describe,
	.sector = page_sector,
};

/* --- giving back ------------------------------------------------------------------------ */

static int free_one(struct ext2_inode *file, uint32_t *pointer)
{
	int error = ext2_block_free(file->ext2, *pointer);

	if (error)
		return error;
	*pointer = 0;
	file->inode.blocks -= SECTORS_PER_PAGE;
	return 0;
}

/* Frees what lies below the pointer, from its page `first` on; the indirect block too if
 * that is all of it. */
static int free_below(struct ext2_inode *file, uint32_t *pointer, uint32_t levels, uint64_t first)
{
	uint64_t span = 1;
	struct frame *frame;
	void *data;

	if (!*pointer)
		return 0;
	if (!levels)
		return free_one(file, pointer);
	for (uint32_t level = 1; level < levels; level++)
		span *= EXT2_POINTERS;
	int error;
	do {
		error = ext2_block_get(file->ext2, *pointer, true, &frame, &data);
	} while (ext2_waited_for_memory(error));
	if (error)
		return error;
	uint32_t *pointers = data;
	for (uint64_t i = first / span; i < EXT2_POINTERS && !error; i++) {
		uint64_t start = i * span;

		error = free_below(file, &pointers[i], levels - 1,
		                   first > start ? first - start : 0);
	}
	ext2_block_put(frame, true);
	return error || first ? error : free_one(file, pointer);
}

int ext2_blocks_free(struct ext2_inode *file, uint32_t first)
{
	uint64_t start = EXT2_DIRECT, span = EXT2_POINTERS;
	int error = 0;

	for (uint32_t i = first; i < EXT2_DIRECT && !error; i++)
		error = free_below(file, &file->block[i], 0, 0);
	for (uint32_t levels = 1; levels <= LEVELS && !error; levels++) {
		if (first < start + span)
			error = free_below(file, &file->block[EXT2_DIRECT + levels - 1], levels,
			                   first > start ? first - start : 0);
		start += span;
		span *= EXT2_POINTERS;
	}
	file->last_block = file->last_index = 0;
	return error;
}

/* The inode is pinned: it can be written. */
int ext2_truncate(struct inode *inode, uint64_t size)
{
	struct ext2_inode *file = ext2_inode(inode);
	uint32_t first = (size + EXT2_BLOCK_SIZE - 1) / EXT2_BLOCK_SIZE;

	if (size > INT32_MAX) {
		int error = ext2_allow_large_files(file->ext2);
		if (error)
			return error;
	}
	/* Whoever reads a page by the old size is done looking up. */
	mutex_lock(&file->map_lock);
	mutex_unlock(&file->map_lock);
	pagecache_truncate(&inode->source, first);
	SCOPED_MUTEX(&file->map_lock);
	int error = ext2_blocks_free(file, first);
	ext2_inode_write_locked(file);
	return error;
}
