/* SPDX-License-Identifier: MIT */
/*
 * Open files: what a descriptor names. References are atomic; file->lock guards the
 * position and is held during a read or write of a file that has one. Pipes and terminals
 * have none (file->stream), so that a reader who waits keeps no writer out.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/falloc.h>
#include <linux/fs.h>

#include "kernel/dev/block.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/lease.h"
#include "kernel/fs/lock.h"
#include "kernel/fs/notify.h"
#include "kernel/fs/transfer.h"
#include "kernel/mem/physmem.h"
#include "kernel/mem/slab.h"
#include "kernel/owner.h"
#include "kernel/panic.h"
#include "vm/page.h"
#include "vm/pagecache.h"

static struct slab_cache file_slab = SLAB_CACHE("file", sizeof(struct file));

#define FILE_SHARE 10 /* of memory, at a KiB an open file, as on Linux */
#define FILES_LEAST 8192u

static uint32_t files; /* atomic: open ones */
static uint32_t files_most; /* 0: not set yet */

uint32_t files_open(void)
{
	return __atomic_load_n(&files, __ATOMIC_RELAXED);
}

uint32_t files_limit(void)
{
	uint32_t most = physmem_total() * (PAGE_SIZE / 1024) / FILE_SHARE;

	return files_most ? files_most : most > FILES_LEAST ? most : FILES_LEAST;
}

static struct file *(*descriptor_door)(int number);

void vfs_set_descriptor_door(struct file *(*file_of)(int number))
{
	descriptor_door = file_of;
}

struct file *file_by_number(int number)
{
	return descriptor_door ? descriptor_door(number) : NULL;
}

int files_set_limit(uint32_t most)
{
	files_most = most;
	return most ? 0 : -EINVAL;
}

int file_prepare(struct file **made)
{
	if (files_open() >= files_limit() && !right_has(MAY_EXCEED_LIMITS, NULL))
		return -ENFILE;
	*made = slab_alloc_zeroed(&file_slab);
	if (!*made)
		return -ENOMEM;
	__atomic_fetch_add(&files, 1, __ATOMIC_RELAXED);
	return 0;
}

void file_discard(struct file *file)
{
	__atomic_fetch_sub(&files, 1, __ATOMIC_RELAXED);
	slab_free(&file_slab, file);
}

/* The fourth way of opening (O_ACCMODE) asks for both rights and gives neither: for ioctl(2). */
static bool may_read(const struct file *file)
{
	uint32_t mode = file->flags & O_ACCMODE;

	return (mode == O_RDONLY && !(file->flags & O_PATH)) || mode == O_RDWR;
}

static bool may_write(const struct file *file)
{
	uint32_t mode = file->flags & O_ACCMODE;

	return mode == O_WRONLY || mode == O_RDWR;
}

/* Whether nobody may run the file while this is open. As on Linux a nameless file, that of
 * memfd_create(2), may be run by who made it. */
static bool keeps_from_running(const struct file *file)
{
	return may_write(file) && !dentry_is_nameless(file->dentry) && S_ISREG(file->inode->mode);
}

/* What an open file holds. */
static void release(struct file *file)
{
	lease_closed(file);
	locks_release(file->inode, file);
	if (keeps_from_running(file))
		inode_write_end(file->inode);
	notify_gone(file->dentry);
	dentry_put(file->dentry);
	inode_put(file->inode);
}

/* Opened with O_PATH: a place in the tree, of which nothing is read or written. */
static const struct file_ops place_ops;

/* --- what areas see of a file that they map --- */

static struct file *of_backing(struct backing *backing)
{
	return LIST_ENTRY(backing, struct file, backing);
}

static void backing_get(struct backing *backing)
{
	file_get(of_backing(backing));
}

static void backing_put(struct backing *backing)
{
	file_put(of_backing(backing));
}

static int backing_name(struct backing *backing, char *to, size_t size)
{
	return dentry_path_shown(of_backing(backing)->dentry, to, size);
}

static int backing_punch(struct backing *backing, uint64_t offset, uint64_t bytes)
{
	return file_allocate(of_backing(backing), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	                     offset, bytes);
}

static const struct backing_ops backing_ops = {
	.get = backing_get,
	.put = backing_put,
	.name = backing_name,
	.punch = backing_punch,
};

struct file *file_of_backing(struct backing *backing)
{
	return backing->ops == &backing_ops ? of_backing(backing) : NULL;
}

static bool is_truncated(const struct inode *inode, uint32_t flags)
{
	return flags & O_TRUNC && S_ISREG(inode->mode) && inode->ops->truncate;
}

static int start(struct file *file, struct dentry *dentry, uint32_t flags)
{
	struct inode *inode = dentry->inode;

	if (!inode->file_ops && !(flags & O_PATH))
		return -ENXIO;
	file->references = 1;
	file->inode = inode;
	file->dentry = dentry;
	file->backing = (struct backing){&backing_ops, &inode->source};
	file->ops = flags & O_PATH ? &place_ops : inode->file_ops;
	file->flags = flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
	mutex_init(&file->lock, "file");
	list_init(&file->watches);
	file->errors_told = pagecache_errors_known(&inode->source);
	int error = keeps_from_running(file) ? inode_write_begin(inode) : 0;
	if (error)
		return error;
	inode_get(inode);
	dentry_get(dentry);
	error = lease_opened(file, flags);
	if (!error && is_truncated(inode, flags))
		error = inode_truncate(inode, 0);
	if (!error && file->ops->open)
		error = file->ops->open(file);
	if (error)
		release(file);
	else if (!(flags & O_PATH))
		notify_dentry(dentry, IN_OPEN);
	return error;
}

int file_start(struct file *file, struct dentry *dentry, uint32_t flags)
{
	struct inode *inode = dentry->inode;

	if (!is_truncated(inode, flags))
		return start(file, dentry, flags);
	/* As in inode_truncate_unleased nobody takes a lease again until this is over. */
	int error = inode_write_begin(inode);
	if (error)
		return error;
	error = start(file, dentry, flags);
	inode_write_end(inode);
	return error;
}

int file_open_dentry(struct dentry *dentry, uint32_t flags, struct file **opened)
{
	struct file *file;
	int error = file_prepare(&file);

	if (error)
		return error;
	error = file_start(file, dentry, flags);
	if (error)
		file_discard(file);
	else
		*opened = file;
	return error;
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
	if (!list_empty(&file->watches))
		epoll_forget(file);
	notify_by_signal_end(file, NULL);
	if (file->owner)
		owner_leave(file->owner);
	if (!(file->flags & O_PATH))
		notify_dentry(file->dentry, may_write(file) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	if (file->ops->close)
		file->ops->close(file);
	release(file);
	owner_destroy(file->owner);
	file_discard(file);
}

int file_owner(struct file *file, struct owner **owner)
{
	struct owner *made, *none = NULL;

	*owner = __atomic_load_n(&file->owner, __ATOMIC_ACQUIRE);
	if (*owner)
		return 0;
	int error = owner_create(&made);
	if (error)
		return error;
	*owner = made;
	if (__atomic_compare_exchange_n(&file->owner, &none, made, false, __ATOMIC_ACQ_REL,
	                                __ATOMIC_ACQUIRE))
		return 0;
	owner_destroy(made); /* another thread was quicker */
	*owner = none;
	return 0;
}

static uint32_t owner_access(const struct file *file)
{
	return (may_read(file) ? OWNER_READS : 0) | (may_write(file) ? OWNER_WRITES : 0);
}

int file_set_async(struct file *file, int number, bool on)
{
	struct list *owners = file->ops->owners ? file->ops->owners(file) : NULL;
	struct owner *owner;

	if (!owners)
		return -ENOTTY;
	int error = file_owner(file, &owner);
	if (error)
		return error;
	if (on)
		error = owner_join(owner, owners, number, owner_access(file));
	else
		owner_leave(owner);
	if (error)
		return error;
	file->flags = on ? file->flags | FASYNC : file->flags & ~(uint32_t)FASYNC;
	return 0;
}

/* What is known by its inode, and the same for all who have that open. */
static size_t inode_held(const struct file *file)
{
	const struct inode *inode = file->inode;
	const struct page_source *source = &inode->source;

	if (S_ISFIFO(inode->mode))
		return pipe_held(file);
	if (!source->shmem || !list_empty(&source->areas))
		return 0;
	return may_write(file) || !inode->links
	               ? source->held * PAGE_SIZE + inode->attribute_bytes : 0;
}

size_t file_held(struct file *file, uint32_t pass)
{
	size_t bytes = sizeof(*file);

	if (file->counted == pass)
		return 0;
	file->counted = pass;
	if (file->ops->held)
		bytes += file->ops->held(file);
	if (file->inode->counted == pass)
		return bytes;
	file->inode->counted = pass;
	return bytes + inode_held(file);
}

/* Whether what lies behind so many bytes can still be counted. As on Linux. */
static int check_position(loff_t position, size_t n)
{
	loff_t end;

	return position < 0 || __builtin_add_overflow(position, (loff_t)n, &end) ? -EINVAL : 0;
}

/* Before a transfer: where in the file it takes place (*position NULL: at the file's own
 * position, which is locked then). */
static int transfer_start(struct file *file, struct transfer *transfer, loff_t **position)
{
	bool own = !*position;

	transfer->flags |= file->flags;
	if (own)
		*position = &file->position;
	if (file->stream)
		return 0;
	if (own)
		mutex_lock(&file->lock);
	int error = check_position(**position, transfer->left);
	if (error && own)
		mutex_unlock(&file->lock);
	return error;
}

static void transfer_end(struct file *file, const loff_t *position)
{
	if (position == &file->position && !file->stream)
		mutex_unlock(&file->lock);
}

int file_may_read(const struct file *file, bool at_position)
{
	if (at_position && file->stream)
		return -ESPIPE;
	return may_read(file) ? 0 : -EBADF;
}

int file_may_write(const struct file *file, bool at_position)
{
	if (at_position && file->stream)
		return -ESPIPE;
	return may_write(file) ? 0 : -EBADF;
}

ssize_t file_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	int error = file_may_read(file, position);

	if (error)
		return error;
	if (S_ISDIR(file->inode->mode))
		return -EISDIR;
	if (!file->ops->read)
		return -EINVAL;
	error = transfer_start(file, transfer, &position);
	if (error)
		return error;
	ssize_t done = transfer->left ? file->ops->read(file, transfer, position) : 0;
	transfer_end(file, position);
	if (done > 0)
		notify_dentry(file->dentry, IN_ACCESS);
	return done;
}

ssize_t file_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	int error = file_may_write(file, position);

	if (error)
		return error;
	if (!file->ops->write)
		return -EINVAL;
	error = transfer_start(file, transfer, &position);
	if (error)
		return error;
	ssize_t done = transfer->left ? file->ops->write(file, transfer, position) : 0;
	transfer_end(file, position);
	if (done > 0)
		notify_dentry(file->dentry, IN_MODIFY);
	return done;
}

loff_t file_seek(struct file *file, loff_t offset, int whence)
{
	loff_t size = file->inode->source.size;

	if (file->stream)
		return -ESPIPE;
	if (file->ops->at_start)
		return whence >= SEEK_SET && whence <= SEEK_HOLE ? 0 : -EINVAL;
	if (file->ops->no_end && whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
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
	case SEEK_DATA:
	case SEEK_HOLE:
		offset = inode_seek(file->inode, offset, whence);
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	if (offset < 0)
		return -EINVAL;
	file->position = offset;
	return offset;
}

int file_sync_range(struct file *file, uint32_t first, uint32_t end, bool data_only)
{
	struct inode *inode = file->inode;

	if (S_ISFIFO(inode->mode) || S_ISCHR(inode->mode) || S_ISSOCK(inode->mode) || file->stream)
		return -EINVAL;
	return pagecache_make_durable(&inode->source, first, end, data_only, &file->errors_told);
}

int file_sync(struct file *file, bool data_only)
{
	return file_sync_range(file, 0, UINT32_MAX, data_only);
}

int file_write_back(struct file *file, uint64_t start, uint64_t end)
{
	uint64_t pages = end / PAGE_SIZE + (end % PAGE_SIZE != 0);

	return pagecache_sync(&file->inode->source, start / PAGE_SIZE,
	                      pages < UINT32_MAX ? pages : UINT32_MAX, &file->errors_told);
}

void file_forget(struct file *file)
{
	pagecache_drop_clean_of(&file->inode->source);
}

uint32_t file_poll(struct file *file, struct poll_table *table)
{
	if (!file->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->ops->poll(file, table);
}
