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
#include "kernel/sched/thread.h"
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

/* Gives the block, which nothing refers to yet, its first content, on the disk for good: a block
 * of pointers or of a directory must never be found there with what somebody else left in it.
 * -EIO, -ENOMEM. */
static int block_start(struct ext2_inode *file, uint32_t index, bool pointers, uint32_t block)
{
	struct ext2 *ext2 = file->ext2;
	struct frame *frame;
	int error = pagecache_get_for_write(ext2->disk, block, true, &frame);

	if (error)
		return error;
	memset(frame_data(frame), 0, EXT2_BLOCK_SIZE);
	if (!pointers)
		ext2_directory_block(file, index, frame_data(frame));
	pagecache_dirty(frame);
	error = pagecache_write_page(frame);
	frame_unpin(frame);
	if (!pointers) /* from now on it is a page of the directory */
		pagecache_forget(ext2->disk, block);
	return error ? error : block_flush(ext2->fs->disk);
}

/* Takes a block for the file. */
static int map_allocate(struct ext2_inode *file, uint32_t index, bool pointers, uint32_t *block)
{
	bool promised = ext2_promise_has(file, index, pointers);
	int error = ext2_block_alloc(file->ext2, map_goal(file, index), promised, block);

	if (!error && promised)
		ext2_promise_kept(file, index, pointers);
	if (!error && (pointers || S_ISDIR(file->inode.mode))) {
		error = block_start(file, index, pointers, *block);
		if (error)
			(void)ext2_block_free(file->ext2, *block); /* what failed is told */
	}
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
		if (*block && !ext2_block_is_data(file->ext2, *block))
			error = ext2_damaged(file->ext2, "a file has an impossible block:", *block);
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
	.settle = ext2_settle,
};

/* --- giving back ------------------------------------------------------------------------ */

/* The blocks that the pointers name; each becomes a hole. */
static int free_row(struct ext2_inode *file, uint32_t *pointers, uint32_t count)
{
	uint32_t freed;
	int error = ext2_blocks_give_back(file->ext2, pointers, count, &freed);

	file->inode.blocks -= freed * SECTORS_PER_PAGE;
	return error;
}

/* An indirect block, pinned, to be changed. */
static int pointers_get(struct ext2 *ext2, uint32_t block, struct frame **frame, uint32_t **found)
{
	void *data = NULL;
	int error;

	*found = NULL;
	if (!ext2_block_is_data(ext2, block))
		return ext2_damaged(ext2, "a file has an impossible block:", block);
	do {
		error = ext2_block_get(ext2, block, true, frame, &data);
	} while (ext2_waited_for_memory(error));
	*found = data;
	return error;
}

static int free_below(struct ext2_inode *, uint32_t *pointer, uint32_t levels, uint64_t first);

/* Frees what lies below the pointers of an indirect block, each for `span` pages, from its page
 * `first` on. */
static int free_pointers(struct ext2_inode *file, uint32_t *pointers, uint32_t levels,
                         uint64_t span, uint64_t first)
{
	int error = 0;

	if (levels == 1)
		return free_row(file, pointers + first, EXT2_POINTERS - first);
	for (uint64_t i = first / span; i < EXT2_POINTERS && !error; i++) {
		uint64_t start = i * span;

		error = free_below(file, &pointers[i], levels - 1,
		                   first > start ? first - start : 0);
	}
	return error;
}

/*
 * Frees what lies below the pointer to an indirect block, from its page `first` on; that block too
 * if that is all of it. However the pointers lie, this ends: each block is freed once, and one that
 * is free already is damage.
 */
static int free_below(struct ext2_inode *file, uint32_t *pointer, uint32_t levels, uint64_t first)
{
	uint64_t span = 1;
	struct frame *frame;
	uint32_t *pointers;

	if (!*pointer)
		return 0;
	for (uint32_t level = 1; level < levels; level++)
		span *= EXT2_POINTERS;
	int error = pointers_get(file->ext2, *pointer, &frame, &pointers);
	if (error)
		return error;
	error = free_pointers(file, pointers, levels, span, first);
	ext2_block_put(frame, true);
	return error || first ? error : free_row(file, pointer, 1);
}

int ext2_blocks_free(struct ext2_inode *file, uint32_t first)
{
	uint64_t start = EXT2_DIRECT, span = EXT2_POINTERS;
	int error = 0;

	if (first < EXT2_DIRECT)
		error = free_row(file, file->block + first, EXT2_DIRECT - first);
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

/* --- holes ------------------------------------------------------------------------------- */

/* Where the page's pointer is: in the inode, or in the last indirect block on the way, pinned; and
 * how many pages from this one on have theirs behind it there. A missing indirect block: *pointer
 * is NULL, and so many pages are holes. map_lock held. */
struct map_place {
	uint32_t *pointer;
	struct frame *frame; /* NULL: the pointer is the inode's */
	uint32_t pages;
};

static void map_place_put(struct map_place *at, bool changed)
{
	if (at->frame)
		ext2_block_put(at->frame, changed);
}

/* Goes one indirect block down from the pointer. */
static int map_descend(struct ext2_inode *file, struct map_place *at, uint32_t place, bool change)
{
	struct frame *next;
	void *data;
	int error = ext2_block_is_data(file->ext2, *at->pointer)
	                    ? ext2_block_get(file->ext2, *at->pointer, change, &next, &data)
	                    : ext2_damaged(file->ext2, "a file has an impossible block:",
	                                   *at->pointer);

	map_place_put(at, false);
	at->frame = error ? NULL : next;
	at->pointer = error ? NULL : (uint32_t *)data + place;
	return error;
}

/* How many pages, from this one on, are below the pointer that has `below` levels under it. */
static uint32_t pages_left(const uint32_t *place, int levels, int below)
{
	uint32_t span = 1, before = 0;

	for (int i = 0; i < below; i++) {
		before += place[levels - i] * span;
		span *= EXT2_POINTERS;
	}
	return span - before;
}

static int map_place_find(struct ext2_inode *file, uint32_t index, bool change,
                          struct map_place *at)
{
	uint32_t place[LEVELS + 1] = {0};
	int levels = map_places(index, place);

	if (levels < 0)
		return levels;
	*at = (struct map_place){&file->block[place[0]], NULL, 0};
	for (int level = 0; level < levels; level++) {
		if (!*at->pointer) {
			map_place_put(at, false);
			*at = (struct map_place){NULL, NULL, pages_left(place, levels, levels - level)};
			return 0;
		}
		int error = map_descend(file, at, place[level + 1], change);
		if (error)
			return error;
	}
	at->pages = levels ? EXT2_POINTERS - place[levels] : EXT2_DIRECT - place[0];
	return 0;
}

int ext2_run_locked(struct ext2_inode *file, uint32_t index, bool *has, uint32_t *pages)
{
	struct map_place at;
	int error = map_place_find(file, index, false, &at);
	if (error)
		return error;
	*has = at.pointer && *at.pointer;
	*pages = at.pointer ? 1 : at.pages;
	while (at.pointer && *pages < at.pages && (at.pointer[*pages] != 0) == *has)
		++*pages;
	map_place_put(&at, false);
	return 0;
}

int ext2_run(struct inode *inode, uint32_t index, bool *has, uint32_t *pages)
{
	SCOPED_MUTEX(&ext2_inode(inode)->map_lock);
	return ext2_run_locked(ext2_inode(inode), index, has, pages);
}

#define PUNCH_BATCH 64u

/* Takes up to PUNCH_BATCH blocks from the pages [first, end) of one indirect block; *pages were
 * looked at. */
static int blocks_take(struct ext2_inode *file, uint32_t first, uint32_t end, uint32_t *blocks,
                       uint32_t *count, uint32_t *pages)
{
	struct map_place at;

	SCOPED_MUTEX(&file->map_lock);
	int error = map_place_find(file, first, true, &at);
	if (error)
		return error;
	uint32_t most = end - first < at.pages ? end - first : at.pages;
	*count = 0;
	*pages = at.pointer ? 0 : most;
	for (; at.pointer && *pages < most && *count < PUNCH_BATCH; ++*pages) {
		if (at.pointer[*pages])
			blocks[(*count)++] = at.pointer[*pages];
		at.pointer[*pages] = 0;
	}
	file->inode.blocks -= *count * SECTORS_PER_PAGE;
	map_place_put(&at, *count);
	if (*count)
		ext2_inode_write_locked(file);
	return 0;
}

/* First nobody finds the blocks any more; then the pages that know them go; then they are free.
 * Indirect blocks stay: the next write there wants them. */
int ext2_punch(struct inode *inode, uint32_t first, uint32_t end)
{
	struct ext2_inode *file = ext2_inode(inode);
	uint32_t blocks[PUNCH_BATCH], count = 0, pages = 0;
	int error = 0;

	mutex_lock(&file->map_lock);
	ext2_promise_drop(file, first, end);
	mutex_unlock(&file->map_lock);
	while (first < end && !error) {
		if (thread_current()->killed)
			return -EINTR;
		error = blocks_take(file, first, end, blocks, &count, &pages);
		if (error)
			break;
		for (uint32_t i = 0; count && i < pages; i++)
			pagecache_forget(&inode->source, first + i);
		uint32_t freed;
		error = ext2_blocks_give_back(file->ext2, blocks, count, &freed);
		first += pages;
	}
	file->last_block = file->last_index = 0;
	return error;
}

int ext2_reserve(struct inode *inode, uint32_t first, uint32_t end)
{
	SCOPED_MUTEX(&ext2_inode(inode)->map_lock);
	return ext2_promise(ext2_inode(inode), first, end);
}

/* --- truncation -------------------------------------------------------------------------- */

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
	if (!inode->room_behind)
		ext2_promise_drop(file, first, UINT32_MAX);
	int error = ext2_blocks_free(file, first);
	ext2_inode_write_locked(file);
	return error;
}
