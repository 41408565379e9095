/* SPDX-License-Identifier: MIT */
/* Calls about a range of a file that move none of its bytes: fallocate(2), posix_fadvise(2),
 * readahead(2), sync_file_range(2). */
#include <linux/fadvise.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "kernel/fs/vfs.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/syscall.h"

static struct file *get(int number)
{
	return descriptor_file(process_current()->files, number);
}

static int32_t sys_fallocate(int number, uint32_t mode, uint32_t offset_low, uint32_t offset_high,
                             int64_t length)
{
	int64_t offset = (int64_t)((uint64_t)offset_high << 32 | offset_low);
	struct file *file = get(number);

	if (!file)
		return -EBADF;
	int error = file_allocate(file, mode, offset, length);
	file_put(file);
	return error;
}

/* ---- what will be read ---- */

static bool has_pages(const struct file *file)
{
	return S_ISREG(file->inode->mode) || S_ISBLK(file->inode->mode);
}

/* The end of the range, which is the file's for a length of 0. */
static int64_t range_end(int64_t offset, int64_t length)
{
	int64_t end;

	return length == 0 || __builtin_add_overflow(offset, length, &end) ? INT64_MAX : end;
}

/* The page cache reads ahead by its own lights: of what is not wanted any more it drops only
 * whole files. */
static int advise(struct file *file, int64_t offset, int64_t length, int advice)
{
	if (S_ISFIFO(file->inode->mode))
		return -ESPIPE;
	if (length < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	if (!has_pages(file))
		return 0;
	if (advice == POSIX_FADV_WILLNEED)
		file_read_ahead(file, offset, range_end(offset, length));
	else if (advice == POSIX_FADV_DONTNEED && offset == 0 &&
	         range_end(offset, length) >= (int64_t)file->inode->source.size)
		file_forget(file);
	return 0;
}

static int32_t sys_fadvise64_64(int number, int64_t offset, int64_t length, int advice)
{
	struct file *file = get(number);

	if (!file)
		return -EBADF;
	int error = advise(file, offset, length, advice);
	file_put(file);
	return error;
}

static int32_t sys_fadvise64(int number, int64_t offset, uint32_t length, int advice)
{
	return sys_fadvise64_64(number, offset, length, advice);
}

static int32_t sys_readahead(int number, int64_t offset, uint32_t length)
{
	struct file *file = get(number);

	if (!file)
		return -EBADF;
	int error = (file->flags & O_ACCMODE) == O_WRONLY || (file->flags & O_ACCMODE) == O_ACCMODE
	                    ? -EBADF
	          : has_pages(file) ? 0 : -EINVAL;
	if (!error && length)
		file_read_ahead(file, offset, range_end(offset, length));
	file_put(file);
	return error;
}

/* ---- what was written ---- */

#define SYNC_FLAGS \
	(SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)

/* The pages reach the disk; nothing is said of what tells where they are. */
static int sync_range(struct file *file, int64_t offset, int64_t length, uint32_t flags)
{
	int64_t end;

	if (flags & ~(uint32_t)SYNC_FLAGS || offset < 0 || length < 0 ||
	    __builtin_add_overflow(offset, length, &end))
		return -EINVAL;
	if (!has_pages(file) && !S_ISDIR(file->inode->mode))
		return -ESPIPE;
	return flags & SYNC_FILE_RANGE_WRITE ? file_write_back(file, offset, length ? end : INT64_MAX)
	                                     : 0;
}

static int32_t sys_sync_file_range(int number, int64_t offset, int64_t length, uint32_t flags)
{
	struct file *file = get(number);

	if (!file)
		return -EBADF;
	int error = sync_range(file, offset, length, flags);
	file_put(file);
	return error;
}

const struct system_call file_range_calls[] = {
	CALL(fallocate, 6),
	CALL(fadvise64_64, 6),
	CALL(fadvise64, 5),
	CALL(readahead, 4),
	CALL(sync_file_range, 6),
	CALLS_END,
};
