/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing what lies in the page cache: regular files of every file system, and
 * block devices. The frame is pinned, not locked, while bytes are copied, so a page fault
 * of the copy may want the same page.
 *
 * Reads take no lock and see the size as it was when they began. Writes hold the inode's
 * lock. Reading in order asks for pages ahead of time: 4 at first, doubling up to 32.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/time/clock.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/usercopy.h"

#define AHEAD_FIRST 4u
#define AHEAD_MOST 32u
#define READ_RUN 8u /* pages that are pinned at a time while their bytes are copied */
#define SECONDS_PER_DAY 86400u

static uint32_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* --- reading ---------------------------------------------------------------------------- */

/* Starts reading the pages [first, end), so that the disk gets them as one transfer. */
static void ahead_start(struct inode *inode, uint32_t first, uint32_t end)
{
	struct block_device *disk = inode->fs->disk;
	struct frame *frame;
	bool started;

	if (disk)
		block_plug(disk);
	for (; first < end; first++) {
		if (pagecache_start(&inode->source, first, &frame, &started))
			break;
		frame_unpin(frame);
	}
	if (disk)
		block_unplug(disk);
}

/* The file is read from page `first` to page `last`: decides whether it is read in order, and if
 * the pages asked for so far will soon be used up, asks for the next. */
static void ahead_note(struct file *file, uint32_t first, uint32_t last)
{
	if (first != file->ahead_next && first + 1 != file->ahead_next) {
		file->ahead_window = 0;
		file->ahead_end = 0;
	}
	file->ahead_next = last + 1;
	if (file->ahead_window && last + file->ahead_window / 2 < file->ahead_end)
		return;
	if (!file->ahead_window)
		file->ahead_window = first == 0 ? AHEAD_FIRST : 1;
	else if (file->ahead_window < AHEAD_MOST)
		file->ahead_window *= 2;
	uint32_t from = file->ahead_end > last ? file->ahead_end : last;
	uint32_t end = smaller((uint64_t)from + file->ahead_window,
	                       source_pages(&file->inode->source));
	if (end > from + 1)
		from = pagecache_skip(&file->inode->source, from, end);
	if (end > from + 1)
		ahead_start(file->inode, from, end);
	file->ahead_end = end;
}

/* The time of access, where it would tell something new: as Linux's relatime. */
static void note_access(struct inode *inode)
{
	uint32_t now = clock_seconds();

	if (inode->fs->read_only || inode->atime - now <= 1)
		return;
	if (inode->atime > inode->mtime && inode->atime > inode->ctime &&
	    now - inode->atime < SECONDS_PER_DAY)
		return;
	inode->atime = inode_now();
	if (inode->ops->write_inode)
		inode->ops->write_inode(inode);
}

/* Copies from pages that are pinned. The number of bytes before a bad address. */
static size_t copy_out(struct frame **frames, uint32_t offset, char *user_to, size_t n)
{
	size_t done = 0;

	while (done < n) {
		uint32_t part = smaller(n - done, PAGE_SIZE - offset);
		if (copy_to_user(user_to + done, (char *)frame_data(*frames++) + offset, part))
			break;
		done += part;
		offset = 0;
	}
	return done;
}

/* Copies from the pages at the position, as many as are in memory, up to READ_RUN; the first of
 * them is read if it must be. The number of bytes, or -errno. */
static ssize_t read_pages(struct file *file, loff_t position, char *user_to, size_t n)
{
	struct page_source *source = &file->inode->source;
	uint32_t first = position >> PAGE_SHIFT, offset = position & (PAGE_SIZE - 1);
	uint32_t pages = smaller((offset + n + PAGE_SIZE - 1) >> PAGE_SHIFT, READ_RUN);
	struct frame *frames[READ_RUN];
	uint32_t found = pagecache_pin_run(source, first, pages, frames);

	ahead_note(file, first, first + (found ? found - 1 : 0));
	if (!found) {
		int error = pagecache_get(source, first, &frames[0]);
		if (error)
			return error;
		found = 1;
	}
	size_t done = copy_out(frames, offset, user_to,
	                       smaller(n, found * PAGE_SIZE - offset));
	pagecache_unpin_run(frames, found);
	return done ? (ssize_t)done : -EFAULT;
}

static ssize_t regular_read(struct file *file, void *user_to, size_t n, loff_t *position)
{
	struct inode *inode = file->inode;
	uint64_t size = inode->source.size;
	size_t done = 0;
	ssize_t part = 0;

	if (*position >= (loff_t)size)
		return 0;
	n = smaller(n, size - *position);
	while (done < n) {
		part = read_pages(file, *position, (char *)user_to + done, n - done);
		if (part < 0)
			break;
		done += part;
		*position += part;
	}
	if (done)
		note_access(inode);
	return done ? (ssize_t)done : part;
}

/* --- writing ---------------------------------------------------------------------------- */

/* Within one page of the file. */
static int write_page(struct inode *inode, loff_t position, const char *user_from, uint32_t n)
{
	struct page_source *source = &inode->source;
	uint32_t index = position >> PAGE_SHIFT, offset = position & (PAGE_SIZE - 1);
	struct frame *frame;

	if (!offset && (n == PAGE_SIZE || position + n >= (loff_t)source->size))
		return pagecache_overwrite(source, index, user_from, n);
	int error = pagecache_get_for_write(source, index, false, &frame);
	if (error)
		return error;
	error = copy_from_user((char *)frame_data(frame) + offset, user_from, n);
	pagecache_dirty(frame);
	frame_unpin(frame);
	return error;
}

/* As write_page; what can be had of the program's memory before a bad address is written too.
 * The number of bytes, or -errno. */
static ssize_t write_readable(struct inode *inode, loff_t position, const char *user_from,
                              uint32_t n)
{
	uint32_t to_next_page = PAGE_SIZE - ((uintptr_t)user_from & (PAGE_SIZE - 1));
	int error = write_page(inode, position, user_from, n);

	if (error == -EFAULT && to_next_page < n) {
		n = to_next_page;
		error = write_page(inode, position, user_from, n);
	}
	return error ? error : (ssize_t)n;
}

/* Copies page by page; the size grows with each, so that an error leaves what was written
 * before it. Returns the bytes written, or -errno if none were. */
static ssize_t write_pages(struct inode *inode, const char *user_from, size_t n, loff_t *position)
{
	size_t done = 0;
	ssize_t part = 0;

	inode->write_end = *position + n;
	while (done < n) {
		uint32_t room = PAGE_SIZE - (*position & (PAGE_SIZE - 1));

		part = write_readable(inode, *position, user_from + done, smaller(n - done, room));
		if (part < 0)
			break;
		done += part;
		*position += part;
		if (*position > (loff_t)inode->source.size)
			inode->source.size = *position;
	}
	inode->write_end = 0;
	/* The page that failed may have been given a block behind the end. */
	if (part < 0 && S_ISREG(inode->mode))
		inode->ops->truncate(inode, inode->source.size);
	return done ? (ssize_t)done : part;
}

/* The inode is locked, and pinned. */
static ssize_t write_locked(struct file *file, const char *user_from, size_t n, loff_t *position)
{
	struct inode *inode = file->inode;
	uint64_t size = inode->source.size;
	int error = 0;

	if (file->flags & O_APPEND)
		*position = inode->source.size;
	if (S_ISBLK(inode->mode)) {
		if (*position >= (loff_t)inode->source.size)
			return -ENOSPC;
		n = smaller(n, inode->source.size - *position);
	} else if (*position >= (loff_t)FILE_SIZE_MAX) {
		return -EFBIG;
	} else if (*position > (loff_t)inode->source.size) {
		/* A gap: it holds zeros, also where the last page goes on behind the end. */
		error = inode_truncate_locked(inode, *position);
	}
	if (error)
		return error;
	n = smaller(n, FILE_SIZE_MAX - *position);
	ssize_t done = write_pages(inode, user_from, n, position);
	if (done <= 0 && inode->source.size > size) { /* nothing is behind the gap */
		inode->source.size = size;
		inode->ops->truncate(inode, size);
	}
	if (done <= 0)
		return done;
	inode->mtime = inode->ctime = inode_now();
	error = inode->ops->write_inode ? inode->ops->write_inode(inode) : 0;
	if (!error && file->flags & (O_DSYNC | __O_SYNC))
		error = file_sync(file, false);
	return error ? error : done;
}

static ssize_t regular_write(struct file *file, const void *user_from, size_t n, loff_t *position)
{
	struct inode *inode = file->inode;
	int error = inode_check_writable(inode);

	if (error || !n)
		return error;
	SCOPED_MUTEX(&inode->lock);
	error = inode_pin(inode);
	if (error)
		return error;
	ssize_t done = write_locked(file, user_from, n, position);
	inode_unpin(inode);
	return done;
}

const struct file_ops regular_file_ops = {
	.read = regular_read,
	.write = regular_write,
};
