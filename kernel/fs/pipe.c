/* SPDX-License-Identifier: MIT */
/*
 * Pipes and fifos: pipe.h tells of the ring, here are reading and writing it, and its ends.
 *
 * A fifo's pipe hangs at its inode (inode->pipe) while it is open; fifo_lock guards that.
 */
#include "kernel/fs/pipe.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/signal.h>

#include "kernel/fs/fs.h"
#include "kernel/fs/transfer.h"
#include "kernel/mem/slab.h"
#include "kernel/owner.h"
#include "kernel/panic.h"
#include "lib/printf.h"
#include "lib/tree.h"
#include "vm/page.h"
#include "vm/usercopy.h"

static struct slab_cache pipe_slab = SLAB_CACHE("pipe", sizeof(struct pipe));
static struct slab_cache inode_slab = SLAB_CACHE("pipe_inode", sizeof(struct inode));
static struct mutex fifo_lock = MUTEX_INIT(fifo_lock, "fifo");
static struct file_system *pipe_fs;
static uint32_t last_number;

/* --- how much each user has -------------------------------------------------------------- */

/* The pages that all pipes of a user may take: pipe(7). */
struct pipe_user {
	struct tree_node node; /* key: the user's id */
	uint32_t pages;
};

static struct mutex users_lock = MUTEX_INIT(users_lock, "pipe users");
static struct tree users; /* users_lock */
static struct slab_cache user_slab = SLAB_CACHE("pipe_user", sizeof(struct pipe_user));
static uint32_t pages_most = PIPE_PAGES_MOST; /* of a pipe that is made larger */
static uint32_t user_soft = 16384, user_hard; /* pages; 0: no limit */

static struct pipe_user *user_of(uint32_t uid)
{
	struct tree_node *node = tree_find(&users, uid);

	return node ? TREE_ENTRY(node, struct pipe_user, node) : NULL;
}

static bool is_beyond(uint32_t pages, uint32_t limit)
{
	return limit && pages > limit && !right_has(MAY_EXCEED_LIMITS, NULL) &&
	       !right_has(MAY_FILL_PIPES, NULL);
}

static int user_make(uint32_t uid, struct pipe_user **user)
{
	*user = slab_alloc_zeroed(&user_slab);
	if (!*user)
		return -ENOMEM;
	(*user)->node.key = uid;
	tree_insert(&users, &(*user)->node);
	return 0;
}

static void user_give_up(struct pipe_user *user)
{
	if (user->pages)
		return;
	tree_remove(&users, &user->node);
	slab_free(&user_slab, user);
}

/* A new pipe of the user: how many pages it gets, or -ENFILE, -ENOMEM. */
static int user_begin_pipe(uint32_t uid)
{
	uint32_t pages = PIPE_PAGES;

	if (pages > pages_most && !right_has(MAY_EXCEED_LIMITS, NULL))
		pages = pages_most;
	SCOPED_MUTEX(&users_lock);
	struct pipe_user *user = user_of(uid);
	int error = user ? 0 : user_make(uid, &user);
	if (error)
		return error;
	if (is_beyond(user->pages + pages, user_soft))
		pages = PIPE_PAGES_LEAST;
	if (is_beyond(user->pages + pages, user_hard))
		error = -ENFILE;
	else
		user->pages += pages;
	user_give_up(user);
	return error ? error : (int)pages;
}

/* One of its pipes changes its size, to 0 if it is no more. -EPERM: that would be too much. */
static int user_change_pipe(uint32_t uid, uint32_t old, uint32_t new)
{
	SCOPED_MUTEX(&users_lock);
	struct pipe_user *user = user_of(uid);
	uint32_t pages = user->pages - old + new;
	if (new > old && (is_beyond(pages, user_soft) || is_beyond(pages, user_hard)))
		return -EPERM;
	user->pages = pages;
	user_give_up(user);
	return 0;
}

uint32_t pipe_user_soft_limit(void)
{
	return user_soft;
}

int pipe_set_user_soft_limit(uint32_t pages)
{
	user_soft = pages;
	return 0;
}

uint32_t pipe_user_hard_limit(void)
{
	return user_hard;
}

int pipe_set_user_hard_limit(uint32_t pages)
{
	user_hard = pages;
	return 0;
}

static void pipe_begin(struct pipe *pipe, uint32_t uid, uint32_t pages)
{
	pipe->size = pages;
	pipe->uid = uid;
	mutex_init(&pipe->lock, "pipe");
	condition_init(&pipe->readable);
	condition_init(&pipe->writable);
	list_init(&pipe->owners);
}

/* 0, -ENOMEM, -ENFILE. */
static int pipe_new(struct pipe **made)
{
	uint32_t uid = rights_caller()->uid;
	int pages = user_begin_pipe(uid);

	if (pages < 0)
		return pages;
	struct pipe *pipe = slab_alloc_zeroed(&pipe_slab);
	struct pipe_buffer *buffers = kmalloc((uint32_t)pages * sizeof(*buffers));
	if (!pipe || !buffers) {
		if (pipe)
			slab_free(&pipe_slab, pipe);
		kfree(buffers);
		(void)user_change_pipe(uid, (uint32_t)pages, 0);
		return -ENOMEM;
	}
	pipe->buffers = buffers;
	pipe_begin(pipe, uid, (uint32_t)pages);
	*made = pipe;
	return 0;
}

static void pipe_free(struct pipe *pipe)
{
	for (uint32_t i = pipe->tail; i != pipe->head; i++)
		kfree(pipe_buffer(pipe, i)->page);
	kfree(pipe->spare);
	kfree(pipe->buffers);
	(void)user_change_pipe(pipe->uid, pipe->size, 0);
	slab_free(&pipe_slab, pipe);
}

struct pipe *pipe_of(const struct file *file)
{
	return file->ops == &fifo_file_ops ? file->inode->pipe : NULL;
}

/* --- the ring --------------------------------------------------------------------------- */

uint32_t pipe_count(const struct pipe *pipe)
{
	return __atomic_load_n(&pipe->head, __ATOMIC_RELAXED) -
	       __atomic_load_n(&pipe->tail, __ATOMIC_RELAXED);
}

char *pipe_page_get(struct pipe *pipe)
{
	char *page = pipe->spare;

	pipe->spare = NULL;
	return page ? page : kmalloc(PAGE_SIZE);
}

void pipe_page_put(struct pipe *pipe, char *page)
{
	if (pipe->spare)
		kfree(page);
	else
		pipe->spare = page;
}

void pipe_push(struct pipe *pipe, char *page, uint32_t offset, uint32_t length,
               enum pipe_buffer_kind kind)
{
	ASSERT(pipe_count(pipe) < pipe->size && length && offset + length <= PAGE_SIZE);
	*pipe_buffer(pipe, pipe->head) = (struct pipe_buffer){page, offset, length, kind};
	pipe->head++;
}

void pipe_consume(struct pipe *pipe, uint32_t n)
{
	struct pipe_buffer *first = pipe_buffer(pipe, pipe->tail);

	ASSERT(pipe_count(pipe) && n <= first->length);
	first->offset += n;
	first->length -= n;
	if (!first->length) {
		pipe_page_put(pipe, first->page);
		pipe->tail++;
	}
}

int pipe_fill(struct pipe *pipe, struct transfer *transfer, uint32_t n, enum pipe_buffer_kind kind)
{
	char *page = pipe_page_get(pipe);

	if (!page)
		return -ENOMEM;
	if (!transfer_take_whole(transfer, page, n)) {
		pipe_page_put(pipe, page);
		return -EFAULT;
	}
	pipe_push(pipe, page, 0, n, kind);
	return n;
}

/* --- reading and writing ---------------------------------------------------------------- */

void pipe_tell_readable(struct pipe *pipe)
{
	condition_broadcast(&pipe->readable);
	owners_tell(&pipe->owners, POLL_IN);
}

void pipe_tell_writable(struct pipe *pipe)
{
	condition_broadcast(&pipe->writable);
	owners_tell(&pipe->owners, POLL_OUT);
}

int pipe_wait_bytes(struct pipe *pipe, bool nonblock)
{
	while (!pipe_count(pipe)) {
		if (!pipe->writers)
			return 0;
		if (nonblock)
			return -EAGAIN;
		int error = condition_wait(&pipe->readable, &pipe->lock);
		if (error)
			return error;
	}
	return 1;
}

int pipe_wait_room(struct pipe *pipe, bool nonblock)
{
	while (pipe->readers && pipe_count(pipe) >= pipe->size) {
		if (nonblock)
			return -EAGAIN;
		int error = condition_wait(&pipe->writable, &pipe->lock);
		if (error)
			return error;
	}
	return pipe->readers ? 0 : -EPIPE;
}

/* Takes bytes out of the first buffer: all that the transfer wants, or none. Their number, or
 * -EFAULT. */
static int take_bytes(struct pipe *pipe, struct transfer *transfer)
{
	const struct pipe_buffer *first = pipe_buffer(pipe, pipe->tail);
	uint32_t n = first->length;

	if (n > transfer->left)
		n = transfer->left;
	if (transfer_give(transfer, first->page + first->offset, n) < n)
		return -EFAULT;
	if (first->kind == PIPE_PACKET) {
		transfer->left = 0;
		pipe_consume(pipe, first->length);
	} else {
		pipe_consume(pipe, n);
	}
	return n;
}

static ssize_t pipe_read(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct pipe *pipe = file->inode->pipe;
	size_t done = 0;

	(void)position;
	mutex_lock(&pipe->lock);
	int result = pipe_wait_bytes(pipe, transfer->flags & O_NONBLOCK);
	while (result > 0 && transfer->left && pipe_count(pipe)) {
		result = take_bytes(pipe, transfer);
		if (result > 0)
			done += result;
	}
	mutex_unlock(&pipe->lock);
	if (done)
		pipe_tell_writable(pipe);
	return done ? (ssize_t)done : result;
}

/* Adds to the last buffer what is over whole pages, if all of that goes in. The number of bytes,
 * or -EFAULT. */
static int add_to_last(struct pipe *pipe, struct transfer *transfer)
{
	struct pipe_buffer *last = pipe_buffer(pipe, pipe->head - 1);
	uint32_t n = page_offset(transfer->left), end = last->offset + last->length;

	if (!pipe_count(pipe) || last->kind != PIPE_FILLING || end + n > PAGE_SIZE)
		return 0;
	if (!transfer_take_whole(transfer, last->page + end, n))
		return -EFAULT;
	last->length += n;
	return n;
}

static ssize_t pipe_write(struct file *file, struct transfer *transfer, loff_t *position)
{
	struct pipe *pipe = file->inode->pipe;
	enum pipe_buffer_kind kind = transfer->flags & O_DIRECT ? PIPE_PACKET : PIPE_FILLING;
	size_t n = transfer->left;

	(void)position;
	mutex_lock(&pipe->lock);
	int result = pipe->readers ? add_to_last(pipe, transfer) : -EPIPE;
	while (result >= 0 && transfer->left) {
		if (pipe_count(pipe) >= pipe->size && !(transfer->flags & O_NONBLOCK))
			pipe_tell_readable(pipe); /* of what was written so far, before it waits */
		result = pipe_wait_room(pipe, transfer->flags & O_NONBLOCK);
		if (!result)
			result = pipe_fill(pipe, transfer,
			                   transfer->left < PAGE_SIZE ? transfer->left : PAGE_SIZE,
			                   kind);
	}
	mutex_unlock(&pipe->lock);
	transfer->broken = result == -EPIPE;
	size_t done = n - transfer->left;
	if (done)
		pipe_tell_readable(pipe);
	return done ? (ssize_t)done : result;
}

static int pipe_ioctl(struct file *file, uint32_t command, uintptr_t argument)
{
	struct pipe *pipe = file->inode->pipe;
	int bytes = 0;

	if (command != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->lock);
	for (uint32_t i = pipe->tail; i != pipe->head; i++)
		bytes += pipe_buffer(pipe, i)->length;
	mutex_unlock(&pipe->lock);
	return copy_to_user((void *)argument, &bytes, sizeof(bytes));
}

/* The file was opened for reading when nobody wrote, and has not seen a writer since. */
static bool awaits_first_writer(const struct file *file, const struct pipe *pipe)
{
	return file->private && (uintptr_t)file->private == pipe->write_opens + 1;
}

/* Takes no lock: poll must not sleep, and what changes afterwards wakes. */
static uint32_t pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->inode->pipe;
	uint32_t access = file->flags & O_ACCMODE, mask = 0;

	if (access != O_WRONLY) {
		poll_wait(table, &pipe->readable.waiters);
		if (pipe_count(pipe))
			mask |= POLLIN | POLLRDNORM;
		if (!pipe->writers && !awaits_first_writer(file, pipe))
			mask |= POLLHUP;
	}
	if (access != O_RDONLY) {
		poll_wait(table, &pipe->writable.waiters);
		if (pipe_count(pipe) < pipe->size)
			mask |= POLLOUT | POLLWRNORM;
		if (!pipe->readers)
			mask |= POLLERR;
	}
	return mask;
}

/* --- its size --------------------------------------------------------------------------- */

int pipe_size(const struct file *file)
{
	const struct pipe *pipe = pipe_of(file);

	return pipe ? (int)(pipe->size * PAGE_SIZE) : -EBADF;
}

/* Another ring with the same buffers. The lock is held. */
static int resize(struct pipe *pipe, uint32_t size)
{
	uint32_t count = pipe_count(pipe);

	if (count > size)
		return -EBUSY;
	struct pipe_buffer *buffers = kmalloc(size * sizeof(*buffers));
	int error = buffers ? user_change_pipe(pipe->uid, pipe->size, size) : -ENOMEM;
	if (error) {
		kfree(buffers);
		return error;
	}
	for (uint32_t i = 0; i < count; i++)
		buffers[i] = *pipe_buffer(pipe, pipe->tail + i);
	kfree(pipe->buffers);
	pipe->buffers = buffers;
	pipe->size = size;
	pipe->tail = 0;
	pipe->head = count;
	return 0;
}

uint32_t pipe_size_limit(void)
{
	return pages_most * PAGE_SIZE;
}

/* A power of two that holds so many bytes. */
static uint32_t pages_for(uint32_t bytes)
{
	uint32_t pages = 1;

	while (pages * PAGE_SIZE < bytes)
		pages *= 2;
	return pages;
}

int pipe_set_size_limit(uint32_t bytes)
{
	if (bytes > PIPE_PAGES_MOST * PAGE_SIZE)
		return -EINVAL;
	pages_most = pages_for(bytes);
	return 0;
}

int pipe_resize(struct file *file, uint32_t bytes)
{
	struct pipe *pipe = pipe_of(file);

	if (!pipe)
		return -EBADF;
	if (bytes > 1u << 31)
		return -EINVAL;
	uint32_t size = pages_for(bytes);
	if (size > PIPE_PAGES_MOST || (size > pipe->size && size > pages_most &&
	                               !right_has(MAY_EXCEED_LIMITS, NULL)))
		return -EPERM;
	mutex_lock(&pipe->lock);
	int error = resize(pipe, size);
	mutex_unlock(&pipe->lock);
	condition_broadcast(&pipe->writable);
	return error ? error : (int)(size * PAGE_SIZE);
}

/* --- ends ------------------------------------------------------------------------------- */

/* With the lock. */
static void ends_add(struct pipe *pipe, uint32_t flags, int change)
{
	uint32_t access = flags & O_ACCMODE;

	if (access != O_WRONLY) {
		pipe->readers += change;
		pipe->read_opens += change > 0;
	}
	if (access != O_RDONLY) {
		pipe->writers += change;
		pipe->write_opens += change > 0;
	}
	condition_broadcast(&pipe->readable);
	condition_broadcast(&pipe->writable);
}

static int fifo_attach(struct inode *inode)
{
	SCOPED_MUTEX(&fifo_lock);
	int error = inode->pipe ? 0 : pipe_new(&inode->pipe);
	if (error)
		return error;
	inode->pipe->users++;
	return 0;
}

static void fifo_detach(struct inode *inode)
{
	SCOPED_MUTEX(&fifo_lock);
	if (--inode->pipe->users == 0) {
		pipe_free(inode->pipe);
		inode->pipe = NULL;
	}
}

void fifo_release(struct inode *inode)
{
	pipe_free(inode->pipe);
	inode->pipe = NULL;
}

/* Waits until the other end is opened, as fifo(7) says. With the lock. */
static int fifo_wait_other(struct pipe *pipe, uint32_t access)
{
	uint32_t readers = pipe->read_opens, writers = pipe->write_opens;
	int error = 0;

	if (access == O_RDONLY)
		while (!error && !pipe->writers && pipe->write_opens == writers)
			error = condition_wait(&pipe->readable, &pipe->lock);
	if (access == O_WRONLY)
		while (!error && !pipe->readers && pipe->read_opens == readers)
			error = condition_wait(&pipe->writable, &pipe->lock);
	return error;
}

static int fifo_open_locked(struct file *file)
{
	struct pipe *pipe = file->inode->pipe;
	uint32_t access = file->flags & O_ACCMODE;
	bool fifo = file->inode->fs != pipe_fs, waits = fifo && !(file->flags & O_NONBLOCK);

	if (access == O_WRONLY && fifo && !waits && !pipe->readers)
		return -ENXIO;
	if (access == O_RDONLY && fifo && !waits && !pipe->writers)
		file->private = (void *)(uintptr_t)(pipe->write_opens + 1);
	ends_add(pipe, file->flags, 1);
	int error = waits ? fifo_wait_other(pipe, access) : 0;
	if (error)
		ends_add(pipe, file->flags, -1);
	return error;
}

static int fifo_open(struct file *file)
{
	struct inode *inode = file->inode;
	int error = fifo_attach(inode);

	if (error)
		return error;
	file->stream = true;
	mutex_lock(&inode->pipe->lock);
	error = fifo_open_locked(file);
	mutex_unlock(&inode->pipe->lock);
	if (error)
		fifo_detach(inode);
	return error;
}

static struct list *pipe_owners(struct file *file)
{
	return &file->inode->pipe->owners;
}

/* As on Linux those who wait by signals hear of the last one of either kind alone. */
static void fifo_close(struct file *file)
{
	struct pipe *pipe = file->inode->pipe;

	mutex_lock(&pipe->lock);
	ends_add(pipe, file->flags, -1);
	if (!pipe->readers != !pipe->writers) {
		owners_tell(&pipe->owners, POLL_IN);
		owners_tell(&pipe->owners, POLL_OUT);
	}
	mutex_unlock(&pipe->lock);
	fifo_detach(file->inode);
}

size_t pipe_held(const struct file *file)
{
	const struct pipe *pipe = pipe_of(file);

	return pipe ? (pipe_count(pipe) + (pipe->spare != NULL)) * PAGE_SIZE : 0;
}

const struct file_ops fifo_file_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
	.owners = pipe_owners,
	.open = fifo_open,
	.close = fifo_close,
};

/* --- nameless pipes --------------------------------------------------------------------- */

static void pipe_inode_release(struct inode *inode)
{
	slab_free(&inode_slab, inode);
}

static const struct inode_ops pipe_inode_ops = {.release = pipe_inode_release};
static const struct page_source_ops no_pages;
static const struct file_system_ops pipe_fs_ops;
static const struct file_system_type pipe_fs_type = {.name = "pipefs"};

int pipe_init(void)
{
	pipe_fs = file_system_create(&pipe_fs_type, "pipe");
	if (!pipe_fs)
		return -ENOMEM;
	pipe_fs->ops = &pipe_fs_ops;
	return 0;
}

int pipe_create(uint32_t flags, struct file **read_end, struct file **write_end)
{
	struct inode *inode = slab_alloc(&inode_slab);
	char name[24];

	if (!inode)
		return -ENOMEM;
	inode_init(inode, pipe_fs, &pipe_inode_ops, &no_pages, S_IFIFO | 0600);
	inode->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	inode->file_ops = &fifo_file_ops;
	inode_own(inode, NULL);
	snprintf(name, sizeof(name), "pipe:[%u]", inode->number);
	struct dentry *dentry = dentry_create_nameless(inode, name);
	if (!dentry)
		return -ENOMEM;
	flags &= ~(uint32_t)O_ACCMODE;
	/* Of packets only the end that makes them says so, as on Linux. */
	int error = file_open_dentry(dentry, (flags & ~(uint32_t)O_DIRECT) | O_RDONLY, read_end);
	if (!error) {
		error = file_open_dentry(dentry, flags | O_WRONLY, write_end);
		if (error)
			file_put(*read_end);
	}
	dentry_put(dentry);
	return error;
}
