/* SPDX-License-Identifier: MIT */
/*
 * Room in files: fallocate(2) gives pages that are holes a place, so that writing to them cannot
 * fail for want of room, or makes pages holes; lseek(2)'s SEEK_DATA and SEEK_HOLE ask which are.
 *
 * A file system tells runs of pages that have a place or have none (`run`), makes holes (`punch`),
 * and promises room (`reserve`). A place is given by what gives it to any page that is written, so a
 * page that has got one is a page of zeros that is to be written out. All is promised before the
 * first is given: who finds too little room has taken none of it.
 */
#include <asm/errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>

#include "kernel/fs/fs.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/page.h"
#include "vm/pagecache.h"

#define MODES \
	(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)

/* The next page from *index on, before `end`, that has a place (`has`), or has none; `end` if there
 * is none. -EINTR: the thread is killed. */
static int next_page(struct inode *inode, uint32_t *index, uint32_t end, bool has)
{
	bool found;
	uint32_t pages;

	while (*index < end) {
		int error = thread_current()->killed ? -EINTR
		                                     : inode->ops->run(inode, *index, &found, &pages);
		if (error || found == has)
			return error;
		*index = pages < end - *index ? *index + pages : end;
	}
	return 0;
}

loff_t inode_seek(struct inode *inode, loff_t offset, int whence)
{
	loff_t size = inode->source.size;
	uint32_t index = offset >> PAGE_SHIFT;
	int error = 0;

	if (offset < 0 || offset >= size)
		return -ENXIO;
	mutex_lock(&inode->lock);
	if (inode->ops->run)
		error = next_page(inode, &index, source_pages(&inode->source), whence == SEEK_DATA);
	else if (whence == SEEK_HOLE)
		index = source_pages(&inode->source);
	size = inode->source.size;
	mutex_unlock(&inode->lock);
	if (error)
		return error;
	loff_t found = (loff_t)index << PAGE_SHIFT;
	if (found < offset)
		found = offset;
	if (found < size)
		return found;
	return whence == SEEK_HOLE ? size : -ENXIO; /* a hole is behind the end */
}

/* --- giving room ------------------------------------------------------------------------- */

/* The inode is locked, and pinned: each page of [first, end) gets a place. */
static int give_places(struct inode *inode, uint32_t first, uint32_t end)
{
	struct frame *frame;
	int error = 0;

	inode->write_end = (uint64_t)end << PAGE_SHIFT;
	for (uint32_t index = first; !error; index++) {
		error = next_page(inode, &index, end, false);
		if (error || index == end)
			break;
		error = pagecache_get_for_write(&inode->source, index, false, &frame);
		if (error)
			break;
		pagecache_dirty(frame);
		frame_unpin(frame);
	}
	inode->write_end = 0;
	return error;
}

/* The pages have places now or are promised them; on an error that is not -ENOSPC some may. */
static int give(struct inode *inode, uint32_t first, uint32_t end)
{
	uint32_t limit = source_pages(&inode->source);
	uint32_t last = inode->ops->reserve_end || end < limit ? end : limit;
	int error = inode->ops->reserve(inode, first, end);

	if (!error && first < last)
		error = give_places(inode, first, last);
	if (inode->ops->reserve_end)
		inode->ops->reserve_end(inode);
	return error;
}

static int allocate(struct inode *inode, uint64_t start, uint64_t stop, bool keep_size)
{
	uint64_t size = inode->source.size;
	bool grows = stop > size && !keep_size;
	int error = grows ? inode_truncate_locked(inode, stop) : 0;

	if (error)
		return error;
	if (stop > size && keep_size)
		inode->room_behind = true;
	error = give(inode, start >> PAGE_SHIFT, (stop + PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (error && grows) {
		inode->source.size = size;
		inode->ops->truncate(inode, size);
	}
	return error;
}

/* --- making holes ------------------------------------------------------------------------ */

/* Zeros some bytes of one page, unless it is a hole. */
static int zero_part(struct inode *inode, uint64_t start, uint32_t n)
{
	uint32_t index = start >> PAGE_SHIFT, pages;
	struct frame *frame;
	bool has;

	if (!n)
		return 0;
	int error = inode->ops->run(inode, index, &has, &pages);
	if (error || !has)
		return error;
	error = pagecache_get_for_write(&inode->source, index, false, &frame);
	if (error)
		return error;
	memset((char *)frame_data(frame) + (start & (PAGE_SIZE - 1)), 0, n);
	pagecache_dirty(frame);
	frame_unpin(frame);
	return 0;
}

/* Whole pages become holes, also behind the end; parts of pages at either end become zeros. */
static int punch(struct inode *inode, uint64_t start, uint64_t stop)
{
	uint64_t size = inode->source.size, data = stop < size ? stop : size;
	uint32_t first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT, end = stop >> PAGE_SHIFT;
	int error = 0;

	if (stop >= size && end < source_pages(&inode->source))
		end = source_pages(&inode->source); /* of the last page all that there is */
	if (first > end) /* within one page */
		return start < data ? zero_part(inode, start, data - start) : 0;
	uint64_t from = (uint64_t)first << PAGE_SHIFT, to = (uint64_t)end << PAGE_SHIFT;
	if (start < data)
		error = zero_part(inode, start, (from < data ? from : data) - start);
	if (!error && to < data)
		error = zero_part(inode, to, data - to);
	return error ? error : inode->ops->punch(inode, first, end);
}

/* The range becomes zeros that have their place. */
static int zero_range(struct inode *inode, uint64_t start, uint64_t stop, bool keep_size)
{
	uint64_t size = inode->source.size;
	int error = start < size ? punch(inode, start, stop < size ? stop : size) : 0;

	return error ? error : allocate(inode, start, stop, keep_size);
}

/* --- the call ---------------------------------------------------------------------------- */

/* The inode is locked, and pinned. */
static int change_locked(struct inode *inode, uint32_t mode, uint64_t start, uint64_t stop)
{
	bool keep_size = mode & FALLOC_FL_KEEP_SIZE, holes = mode & FALLOC_FL_PUNCH_HOLE;
	uint64_t size = inode->source.size;
	int sealed = inode_check_seals(inode, !holes && stop > size ? stop : size, holes);

	if (sealed)
		return sealed;
	int error = mode & FALLOC_FL_PUNCH_HOLE ? punch(inode, start, stop)
	          : mode & FALLOC_FL_ZERO_RANGE ? zero_range(inode, start, stop, keep_size)
	                                        : allocate(inode, start, stop, keep_size);

	if (error)
		return error;
	inode_written(inode);
	inode->mtime = inode->ctime = inode_now(inode);
	return inode->ops->write_inode ? inode->ops->write_inode(inode) : 0;
}

static int mode_check(uint32_t mode)
{
	if (mode & ~(uint32_t)MODES)
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE && mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	return 0;
}

static int kind_check(const struct inode *inode)
{
	if (S_ISFIFO(inode->mode))
		return -ESPIPE;
	if (S_ISDIR(inode->mode))
		return -EISDIR;
	if (!S_ISREG(inode->mode))
		return S_ISBLK(inode->mode) ? -EOPNOTSUPP : -ENODEV;
	return inode->ops->punch ? 0 : -EOPNOTSUPP;
}

static int range_check(const struct inode *inode, uint32_t mode, loff_t offset, loff_t length)
{
	loff_t stop;

	if (__builtin_add_overflow(offset, length, &stop) || stop > (loff_t)FILE_SIZE_MAX)
		return -EFBIG;
	if (mode & FALLOC_FL_ZERO_RANGE && inode->source.shmem)
		return -EOPNOTSUPP; /* as Linux's tmpfs says */
	return 0;
}

int file_allocate(struct file *file, uint32_t mode, loff_t offset, loff_t length)
{
	struct inode *inode = file->inode;
	int error = offset < 0 || length <= 0 ? -EINVAL : mode_check(mode);

	if (!error)
		error = file_may_write(file, false);
	if (!error)
		error = inode_check_content_writable(inode);
	if (!error)
		error = kind_check(inode);
	if (!error)
		error = range_check(inode, mode, offset, length);
	if (error)
		return error;
	SCOPED_MUTEX(&inode->lock);
	error = inode_pin(inode);
	if (error)
		return error;
	error = change_locked(inode, mode, offset, offset + length);
	inode_unpin(inode);
	return error;
}
