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
#include <asm/ioctls.h>
#include <linux/fs.h>

#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/transfer.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "vm/frame.h"
#include "vm/pagecache.h"
#include "vm/usercopy.h"

#define AHEAD_FIRST 4u
#define AHEAD_MOST 32u
#define AHEAD_ASKED_MOST 512u /* pages that one call of readahead(2) starts */
#define READ_RUN 8u /* pages that are pinned at a time while their bytes are copied */

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

void file_read_ahead(struct file *file, uint64_t start, uint64_t end)
{
	uint64_t size = file->inode->source.size;
	uint32_t first = start >> PAGE_SHIFT;

	if (end > size)
		end = size;
	if (start >= end)
		return;
	uint32_t pages = smaller(((end - 1) >> PAGE_SHIFT) - first + 1, AHEAD_ASKED_MOST);
	ahead_start(file->inode, first, first + pages);
}

/* Copies from pages that are pinned. The number of bytes before a bad address. */
static size_t copy_out(struct frame **frames, uint32_t offset, struct transfer *transfer, size_t n)
{
	size_t done = 0;

	while (done < n) {
		uint32_t part = smaller(n - done, PAGE_SIZE - offset);
		uint32_t given = transfer_give(transfer, (char *)frame_data(*frames++) + offset,
		                               part);
		done += given;
		if (given < part)
			break;
		offset = 0;
	}
	return done;
}

/* Copies up to n bytes from the pages at the position, as many as are in memory, up to READ_RUN;
 * the first of them is read if it must be, and may be. The number of bytes, or -errno; -EINTR: the
 * thread is killed. */
static ssize_t read_pages(struct file *file, loff_t position, struct transfer *transfer, size_t n)
{
	struct page_source *source = &file->inode->source;
	uint32_t first = position >> PAGE_SHIFT, offset = position & (PAGE_SIZE - 1);
	uint32_t pages = smaller((offset + n + PAGE_SIZE - 1) >> PAGE_SHIFT, READ_RUN);
	struct frame *frames[READ_RUN];

	if (thread_current()->killed)
		return -EINTR;
	uint32_t found = pagecache_pin_run(source, first, pages, frames);

	if (!found && transfer->no_wait)
		return -EAGAIN;
	ahead_note(file, first, first + (found ? found - 1 : 0));
	if (!found) {
		int error = pagecache_get(source, first, &frames[0]);
		if (error)
			return error;
		found = 1;
	}
	size_t done = copy_out(frames, offset, transfer,
	                       smaller(n, found * PAGE_SIZE - offset));
	pagecache_unpin_run(frames, found);
	return done ? (ssize_t)done : -EFAULT;
}

static ssize_t regular_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct inode *inode = file->inode;
	uint64_t size = inode->source.size;
	size_t done = 0;
	ssize_t part = 0;

	if (*position >= (loff_t)size)
		return 0;
	size_t n = smaller(transfer->left, size - *position);
	while (done < n) {
		part = read_pages(file, *position, transfer, n - done);
		if (part < 0)
			break;
		done += part;
		*position += part;
	}
	if (done && !(file->flags & O_NOATIME))
		inode_note_access(inode);
	return done ? (ssize_t)done : part;
}

/* --- writing ---------------------------------------------------------------------------- */

/* For pagecache_overwrite. */
static int fill_page(void *transfer, void *to, uint32_t n)
{
	return transfer_peek(transfer, to, n) == n ? 0 : -EFAULT;
}

/* The same for a page that is behind the end: it stays one of zeros. */
static int fill_page_behind(void *transfer, void *to, uint32_t n)
{
	int error = fill_page(transfer, to, n);

	if (error)
		memset(to, 0, n);
	return error;
}

/* Within one page of the file: n bytes, which can be had unless they go this moment. -EINTR: the
 * thread is killed. */
static int write_page(struct inode *inode, loff_t position, struct transfer *transfer, uint32_t n)
{
	struct page_source *source = &inode->source;
	uint32_t index = position >> PAGE_SHIFT, offset = position & (PAGE_SIZE - 1);
	struct frame *frame;
	int error;

	if (thread_current()->killed)
		return -EINTR;
	error = pagecache_throttle(source);
	if (error)
		return error;
	if (!offset && (n == PAGE_SIZE || position + n >= (loff_t)source->size)) {
		error = pagecache_overwrite(source, index, index < source_pages(source)
		                                                   ? fill_page : fill_page_behind,
		                            transfer, n);
	} else {
		error = pagecache_get_for_write(source, index, false, &frame);
		if (error)
			return error;
		error = fill_page(transfer, (char *)frame_data(frame) + offset, n);
		pagecache_dirty(frame);
		frame_unpin(frame);
	}
	if (!error)
		transfer_skip(transfer, n);
	return error;
}

/* Copies page by page, up to the first byte that cannot be had; the size grows with each, so that
 * an error leaves what was written before it. Returns the bytes written, or -errno if none were. */
static ssize_t write_pages(struct inode *inode, struct transfer *transfer, size_t n,
                           loff_t *position)
{
	size_t done = 0;
	int error = 0;

	inode->write_end = *position + n;
	while (done < n) {
		uint32_t room = PAGE_SIZE - (*position & (PAGE_SIZE - 1));
		uint32_t part = transfer_present(transfer, smaller(n - done, room));

		error = part ? write_page(inode, *position, transfer, part) : -EFAULT;
		if (error)
			break;
		done += part;
		*position += part;
		if (*position > (loff_t)inode->source.size)
			inode->source.size = *position;
	}
	inode->write_end = 0;
	/* The page that failed may have been given a block behind the end. */
	if (error && S_ISREG(inode->mode))
		inode->ops->truncate(inode, inode->source.size);
	return done ? (ssize_t)done : error;
}

/* Of a file that may not grow the pages are written that lie within its size; then it is an error
 * as on Linux. */
static int check_seals_for_write(const struct inode *inode, uint64_t position, size_t *n)
{
	uint64_t size = inode->source.size, whole = size & ~(uint64_t)(PAGE_SIZE - 1);
	int error = inode_check_seals(inode, position + *n > size ? position + *n : size, true);

	if (!error || position >= whole || !*n || inode_check_seals(inode, size, true))
		return *n ? error : 0;
	*n = smaller(*n, whole - position);
	return 0;
}

/* The inode is locked, and pinned. */
static ssize_t write_locked(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct inode *inode = file->inode;
	uint64_t size = inode->source.size;
	size_t n = transfer->left;
	int error = 0;

	if (transfer->flags & O_APPEND)
		*position = inode->source.size;
	if (S_ISBLK(inode->mode)) {
		if (*position >= (loff_t)inode->source.size)
			return -ENOSPC;
		n = smaller(n, inode->source.size - *position);
	} else {
		error = inode_check_size((uint64_t)*position + 1);
		if (error)
			return error;
		n = smaller(n, inode_size_limit() - *position);
		error = check_seals_for_write(inode, *position, &n);
		if (error)
			return error;
		/* A gap: it holds zeros, also where the last page goes on behind the end. */
		if (*position > (loff_t)inode->source.size)
			error = inode_truncate_locked(inode, *position);
	}
	if (error)
		return error;
	ssize_t done = write_pages(inode, transfer, n, position);
	if (done <= 0 && inode->source.size > size) { /* nothing is behind the gap */
		inode->source.size = size;
		inode->ops->truncate(inode, size);
	}
	if (done <= 0)
		return done;
	inode->mtime = inode->ctime = inode_now(inode);
	inode_written(inode);
	error = inode->ops->write_inode ? inode->ops->write_inode(inode) : 0;
	if (!error && transfer->flags & (O_DSYNC | __O_SYNC))
		error = file_sync_range(file, (*position - done) >> PAGE_SHIFT,
		                        (*position + PAGE_SIZE - 1) >> PAGE_SHIFT,
		                        !(transfer->flags & __O_SYNC));
	return error ? error : done;
}

static ssize_t regular_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct inode *inode = file->inode;
	int error = inode_check_content_writable(inode);

	if (error)
		return error;
	SCOPED_MUTEX(&inode->lock);
	error = inode_pin(inode);
	if (error)
		return error;
	ssize_t done = write_locked(file, transfer, position);
	inode_unpin(inode);
	return done;
}

/* ioctl_fionread(2), and FIGETBSZ: the size of a block. */
static int regular_ioctl(struct file *file, uint32_t command, uintptr_t argument)
{
	int value;

	switch (command) {
	case FIONREAD:
		value = file->inode->source.size - file->position;
		break;
	case FIGETBSZ:
		value = PAGE_SIZE;
		break;
	default:
		return -ENOTTY;
	}
	return copy_to_user((void *)argument, &value, sizeof(value));
}

const struct file_ops regular_file_ops = {
	.read = regular_read,
	.write = regular_write,
	.ioctl = regular_ioctl,
};
