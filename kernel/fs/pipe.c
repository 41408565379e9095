/* SPDX-License-Identifier: MIT */
/*
 * Pipes and fifos: a ring of 16 pages, each made when the first byte goes into it and given
 * back when the last byte leaves.
 *
 *      tail                head        both count bytes for ever; their difference is
 *       v                   v          what the pipe holds, and position / 4096 % 16 the
 *   ....|bytes not yet read |.....     page
 *
 * pipe->lock guards the ring and is held while bytes are copied from or to the program, so
 * that a write of up to PIPE_BUF bytes is never mixed with another. Nobody sleeps for the
 * other side with it. The counts of ends change under it too.
 *
 * A fifo's pipe hangs at its inode (inode->pipe) while it is open; fifo_lock guards that.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/limits.h>

#include "kernel/fs/fs.h"
#include "kernel/mem/slab.h"
#include "kernel/sync/condition.h"
#include "lib/string.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define RING_PAGES 16u
#define RING_SIZE (RING_PAGES * PAGE_SIZE)

struct pipe {
	struct mutex lock;         /* guards all but users */
	char *pages[RING_PAGES];
	uint32_t head, tail;
	uint32_t readers, writers; /* open ends */
	uint32_t read_opens, write_opens; /* ever: a fifo's opener waits for the other's */
	uint32_t users;            /* fifo_lock: files that have it open or are opening it */
	struct condition readable, writable; /* there is more to read; more room, or a reader */
};

static struct slab_cache pipe_slab = SLAB_CACHE("pipe", sizeof(struct pipe));
static struct slab_cache inode_slab = SLAB_CACHE("pipe_inode", sizeof(struct inode));
static struct mutex fifo_lock = MUTEX_INIT(fifo_lock, "fifo");
static struct file_system *pipe_fs;
static uint32_t last_number;

static struct pipe *pipe_new(void)
{
	struct pipe *pipe = slab_alloc_zeroed(&pipe_slab);

	if (!pipe)
		return NULL;
	mutex_init(&pipe->lock, "pipe");
	condition_init(&pipe->readable);
	condition_init(&pipe->writable);
	return pipe;
}

static void pipe_free(struct pipe *pipe)
{
	for (uint32_t i = 0; i < RING_PAGES; i++)
		kfree(pipe->pages[i]);
	slab_free(&pipe_slab, pipe);
}

static uint32_t pipe_used(const struct pipe *pipe)
{
	return __atomic_load_n(&pipe->head, __ATOMIC_RELAXED) -
	       __atomic_load_n(&pipe->tail, __ATOMIC_RELAXED);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* --- reading and writing ---------------------------------------------------------------- */

/* Takes bytes out, up to the end of their page. Their number, or -EFAULT. */
static int ring_take(struct pipe *pipe, char *user_to, uint32_t n)
{
	char **page = &pipe->pages[page_number(pipe->tail) % RING_PAGES];
	uint32_t offset = page_offset(pipe->tail);

	n = smaller(smaller(n, pipe_used(pipe)), PAGE_SIZE - offset);
	if (copy_to_user(user_to, *page + offset, n))
		return -EFAULT;
	pipe->tail += n;
	/* In a full ring the writer may have come round to the front of this very page. */
	bool come_round = pipe_used(pipe) > RING_SIZE - PAGE_SIZE;
	if ((page_offset(pipe->tail) == 0 && !come_round) || pipe->tail == pipe->head) {
		kfree(*page);
		*page = NULL;
		/* An empty pipe starts a page anew. */
		if (pipe->tail == pipe->head)
			pipe->tail = pipe->head = 0;
	}
	return n;
}

/* Puts bytes in, up to the end of a page. Their number, -EFAULT or -ENOMEM. */
static int ring_put(struct pipe *pipe, const char *user_from, uint32_t n)
{
	char **page = &pipe->pages[page_number(pipe->head) % RING_PAGES];
	uint32_t offset = page_offset(pipe->head);

	n = smaller(smaller(n, RING_SIZE - pipe_used(pipe)), PAGE_SIZE - offset);
	if (!*page)
		*page = kmalloc(PAGE_SIZE);
	if (!*page)
		return -ENOMEM;
	if (copy_from_user(*page + offset, user_from, n))
		return -EFAULT;
	pipe->head += n;
	return n;
}

/* With pipe->lock; gives it up while it waits. 1 if there are bytes, 0 at the end. */
static int wait_for_bytes(struct pipe *pipe, bool nonblock)
{
	while (!pipe_used(pipe)) {
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

static ssize_t pipe_read(struct file *file, void *user_to, size_t n, loff_t *position)
{
	struct pipe *pipe = file->inode->pipe;
	size_t done = 0;

	(void)position;
	if (!n)
		return 0;
	mutex_lock(&pipe->lock);
	int result = wait_for_bytes(pipe, file->flags & O_NONBLOCK);
	while (result > 0 && done < n && pipe_used(pipe)) {
		result = ring_take(pipe, (char *)user_to + done, n - done);
		if (result > 0)
			done += result;
	}
	mutex_unlock(&pipe->lock);
	if (done)
		condition_broadcast(&pipe->writable);
	return done ? (ssize_t)done : result;
}

/* Waits for room for `wanted` bytes. 0, -EPIPE, -EAGAIN, -EINTR. */
static int wait_for_room(struct pipe *pipe, uint32_t wanted, bool nonblock)
{
	while (pipe->readers && RING_SIZE - pipe_used(pipe) < wanted) {
		if (nonblock)
			return -EAGAIN;
		condition_broadcast(&pipe->readable);
		int error = condition_wait(&pipe->writable, &pipe->lock);
		if (error)
			return error;
	}
	return pipe->readers ? 0 : -EPIPE;
}

static ssize_t pipe_write(struct file *file, const void *user_from, size_t n, loff_t *position)
{
	struct pipe *pipe = file->inode->pipe;
	bool whole = n <= PIPE_BUF;
	size_t done = 0;
	int result = 0;

	(void)position;
	mutex_lock(&pipe->lock);
	while (done < n && result >= 0) {
		if (!whole || !done)
			result = wait_for_room(pipe, whole ? n : 1, file->flags & O_NONBLOCK);
		if (result >= 0)
			result = ring_put(pipe, (const char *)user_from + done, n - done);
		if (result > 0)
			done += result;
	}
	mutex_unlock(&pipe->lock);
	if (done)
		condition_broadcast(&pipe->readable);
	return done ? (ssize_t)done : result;
}

static int pipe_ioctl(struct file *file, uint32_t command, uintptr_t argument)
{
	int used = pipe_used(file->inode->pipe);

	if (command != FIONREAD)
		return -ENOTTY;
	return copy_to_user((void *)argument, &used, sizeof(used));
}

/* Takes no lock: poll must not sleep, and what changes afterwards wakes. */
static uint32_t pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->inode->pipe;
	uint32_t access = file->flags & O_ACCMODE, mask = 0;

	if (access != O_WRONLY) {
		poll_wait(table, &pipe->readable.waiters);
		if (pipe_used(pipe))
			mask |= POLLIN | POLLRDNORM;
		if (!pipe->writers && pipe->write_opens)
			mask |= POLLHUP;
	}
	if (access != O_RDONLY) {
		poll_wait(table, &pipe->writable.waiters);
		if (RING_SIZE - pipe_used(pipe) >= PIPE_BUF)
			mask |= POLLOUT | POLLWRNORM;
		if (!pipe->readers)
			mask |= POLLERR;
	}
	return mask;
}

/* --- ends ------------------------------------------------------------------------------- */

static void ends_add(struct pipe *pipe, uint32_t flags, int change)
{
	uint32_t access = flags & O_ACCMODE;

	mutex_lock(&pipe->lock);
	if (access != O_WRONLY) {
		pipe->readers += change;
		pipe->read_opens += change > 0;
	}
	if (access != O_RDONLY) {
		pipe->writers += change;
		pipe->write_opens += change > 0;
	}
	mutex_unlock(&pipe->lock);
	condition_broadcast(&pipe->readable);
	condition_broadcast(&pipe->writable);
}

static int fifo_attach(struct inode *inode)
{
	SCOPED_MUTEX(&fifo_lock);
	if (!inode->pipe)
		inode->pipe = pipe_new();
	if (!inode->pipe)
		return -ENOMEM;
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

/* Waits until the other end is opened, as fifo(7) says. */
static int fifo_wait_other(struct pipe *pipe, uint32_t flags)
{
	SCOPED_MUTEX(&pipe->lock);
	uint32_t readers = pipe->read_opens, writers = pipe->write_opens;
	uint32_t access = flags & O_ACCMODE;
	int error = 0;

	if (access == O_WRONLY && flags & O_NONBLOCK)
		return pipe->readers ? 0 : -ENXIO;
	if (access == O_RDWR || flags & O_NONBLOCK)
		return 0;
	if (access == O_RDONLY)
		while (!error && !pipe->writers && pipe->write_opens == writers)
			error = condition_wait(&pipe->readable, &pipe->lock);
	else
		while (!error && !pipe->readers && pipe->read_opens == readers)
			error = condition_wait(&pipe->writable, &pipe->lock);
	return error;
}

static int fifo_open(struct file *file)
{
	struct inode *inode = file->inode;
	int error = fifo_attach(inode);

	if (error)
		return error;
	file->stream = true;
	ends_add(inode->pipe, file->flags, 1);
	error = fifo_wait_other(inode->pipe, file->flags);
	if (error) {
		ends_add(inode->pipe, file->flags, -1);
		fifo_detach(inode);
	}
	return error;
}

static void fifo_close(struct file *file)
{
	ends_add(file->inode->pipe, file->flags, -1);
	fifo_detach(file->inode);
}

const struct file_ops fifo_file_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
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

	if (!inode)
		return -ENOMEM;
	inode_init(inode, pipe_fs, &pipe_inode_ops, &no_pages, S_IFIFO | 0600);
	inode->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	inode->file_ops = &fifo_file_ops;
	inode_own(inode, NULL);
	flags &= ~(uint32_t)O_ACCMODE;
	/* The first end must not wait for the second. */
	int error = file_create(inode, NULL, flags | O_RDONLY | O_NONBLOCK, read_end);
	if (!error) {
		error = file_create(inode, NULL, flags | O_WRONLY, write_end);
		if (error)
			file_put(*read_end);
		else if (!(flags & O_NONBLOCK))
			(*read_end)->flags &= ~(uint32_t)O_NONBLOCK;
	}
	inode_put(inode);
	return error;
}
