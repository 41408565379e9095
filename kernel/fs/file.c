/* SPDX-License-Identifier: MIT */
/*
 * Open files: what a descriptor names. References are atomic; file->lock guards the
 * position and is held during a read or write of a file that has one. Pipes and terminals
 * have none (file->stream), so that a reader who waits keeps no writer out.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/fs.h>

#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "vm/pagecache.h"

#define TRANSFER_MOST 0x7ffff000u /* bytes a call, as on Linux: read(2), Notes */

static struct slab_cache file_slab = SLAB_CACHE("file", sizeof(struct file));

struct file *file_prepare(void)
{
	return slab_alloc_zeroed(&file_slab);
}

void file_discard(struct file *file)
{
	slab_free(&file_slab, file);
}

static bool may_read(const struct file *file)
{
	return (file->flags & O_ACCMODE) != O_WRONLY;
}

static bool may_write(const struct file *file)
{
	return (file->flags & O_ACCMODE) != O_RDONLY;
}

/* Whether nobody may run the file while this is open. As on Linux a nameless file, that of
 * memfd_create(2), may be run by who made it. */
static bool keeps_from_running(const struct file *file)
{
	return may_write(file) && file->dentry && S_ISREG(file->inode->mode);
}

/* What an open file holds. */
static void release(struct file *file)
{
	if (keeps_from_running(file))
		inode_write_end(file->inode);
	if (file->dentry)
		dentry_put(file->dentry);
	inode_put(file->inode);
}

int file_start(struct file *file, struct inode *inode, struct dentry *dentry, uint32_t flags)
{
	if (!inode->file_ops)
		return -ENXIO;
	file->references = 1;
	file->inode = inode;
	file->dentry = dentry;
	file->ops = inode->file_ops;
	file->flags = flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
	mutex_init(&file->lock, "file");
	int error = keeps_from_running(file) ? inode_write_begin(inode) : 0;
	if (error)
		return error;
	inode_get(inode);
	if (dentry)
		dentry_get(dentry);
	error = file->ops->open ? file->ops->open(file) : 0;
	if (error)
		release(file);
	return error;
}

int file_create(struct inode *inode, struct dentry *dentry, uint32_t flags, struct file **opened)
{
	struct file *file = file_prepare();

	if (!file)
		return -ENOMEM;
	int error = file_start(file, inode, dentry, flags);
	if (error)
		file_discard(file);
	else
		*opened = file;
	return error;
}

int file_open_inode(struct inode *inode, uint32_t flags, struct file **opened)
{
	return file_create(inode, NULL, flags, opened);
}

struct file *file_get(struct file *file)
{
	__atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
	return file;
}

void file_put(struct file *file)
{
	uint32_t left = __atomic_sub_fetch(&file->references, 1, __ATOMIC_ACQ_REL);

	ASSERT_SAYING(left != UINT32_MAX, "a file is put that nobody has");
	if (left)
		return;
	if (file->ops->close)
		file->ops->close(file);
	release(file);
	slab_free(&file_slab, file);
}

/* Whether what lies behind so many bytes can still be counted. As on Linux. */
static int check_position(loff_t position, size_t n)
{
	loff_t end;

	return position < 0 || __builtin_add_overflow(position, (loff_t)n, &end) ? -EINVAL : 0;
}

/* Before a transfer: where in the file it takes place (*position NULL: at the file's own
 * position, which is locked then), and how much at most. */
static int transfer_start(struct file *file, loff_t **position, size_t *n)
{
	bool own = !*position;

	if (!own && file->stream)
		return -ESPIPE;
	if (*n > TRANSFER_MOST)
		*n = TRANSFER_MOST;
	if (own)
		*position = &file->position;
	if (file->stream)
		return 0;
	if (own)
		mutex_lock(&file->lock);
	int error = check_position(**position, *n);
	if (error && own)
		mutex_unlock(&file->lock);
	return error;
}

static void transfer_end(struct file *file, const loff_t *position)
{
	if (position == &file->position && !file->stream)
		mutex_unlock(&file->lock);
}

ssize_t file_read(struct file *file, void *user_to, size_t n, loff_t *position)
{
	if (!may_read(file))
		return -EBADF;
	if (S_ISDIR(file->inode->mode))
		return -EISDIR;
	if (!file->ops->read)
		return -EINVAL;
	int error = transfer_start(file, &position, &n);
	if (error)
		return error;
	ssize_t done = file->ops->read(file, user_to, n, position);
	transfer_end(file, position);
	return done;
}

ssize_t file_write(struct file *file, const void *user_from, size_t n, loff_t *position)
{
	if (!may_write(file))
		return -EBADF;
	if (!file->ops->write)
		return -EINVAL;
	int error = transfer_start(file, &position, &n);
	if (error)
		return error;
	ssize_t done = file->ops->write(file, user_from, n, position);
	transfer_end(file, position);
	return done;
}

loff_t file_seek(struct file *file, loff_t offset, int whence)
{
	loff_t size = file->inode->source.size;

	if (file->stream)
		return -ESPIPE;
	SCOPED_MUTEX(&file->lock);
	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow(offset, file->position, &offset))
			return -EINVAL;
		break;
	case SEEK_END:
		if (__builtin_add_overflow(offset, size, &offset))
			return -EINVAL;
		break;
	case SEEK_DATA: /* all of the file counts as data, and a hole is behind its end */
	case SEEK_HOLE:
		if (offset < 0 || offset >= size)
			return -ENXIO;
		offset = whence == SEEK_HOLE ? size : offset;
		break;
	default:
		return -EINVAL;
	}
	if (offset < 0)
		return -EINVAL;
	file->position = offset;
	return offset;
}

int file_sync(struct file *file, bool data_only)
{
	struct inode *inode = file->inode;

	if (S_ISFIFO(inode->mode) || S_ISCHR(inode->mode))
		return -EINVAL;
	/* What lives in memory is not made safer by swapping it out. */
	if (inode->source.anonymous)
		return 0;
	int error = pagecache_sync(&inode->source, 0, UINT32_MAX);
	/* Which blocks are the file's is metadata too: without it the data cannot be found. */
	(void)data_only;
	int failed = inode->ops->sync ? inode->ops->sync(inode) : 0;
	return error ? error : failed;
}

uint32_t file_poll(struct file *file, struct poll_table *table)
{
	if (!file->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->ops->poll(file, table);
}
