/* SPDX-License-Identifier: MIT */
/*
 * Bytes that go through a pipe without passing through a program: splice(2), tee(2), vmsplice(2).
 * Here a page that is passed on whole changes hands; all else is copied.
 *
 * The pipe's lock is held while the file at its other side is read or written: what waits for that
 * file may be interrupted, and who waits for the lock meanwhile would find the pipe in use anyway.
 *
 * Who waits for bytes is told if some came, who waits for room if a buffer became free.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "kernel/fs/fs.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/transfer.h"
#include "lib/string.h"
#include "vm/page.h"

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* --- from a file into a pipe ------------------------------------------------------------ */

/* One buffer: up to n bytes, and up to the end of the file's page. Their number, 0 at the end. */
static ssize_t read_buffer(struct pipe *pipe, struct file *in, loff_t *at, size_t n)
{
	struct transfer transfer;
	void *page = pipe_page_get(pipe);
	uint32_t offset = in->stream ? 0 : page_offset(at ? *at : in->position);

	if (!page)
		return -ENOMEM;
	transfer_kernel(&transfer, &page, smaller(n, PAGE_SIZE - offset));
	ssize_t got = file_read(in, &transfer, at);
	if (got > 0)
		pipe_push(pipe, page, 0, got, PIPE_CLOSED);
	else
		pipe_page_put(pipe, page);
	return got;
}

static ssize_t into_pipe(struct pipe *pipe, struct file *in, loff_t *at, size_t n, bool nonblock)
{
	size_t done = 0;

	mutex_lock(&pipe->lock);
	ssize_t result = pipe_wait_room(pipe, nonblock);
	while (!result && done < n && pipe_count(pipe) < pipe->size) {
		result = read_buffer(pipe, in, at, n - done);
		if (result <= 0)
			break;
		done += result;
		/* What gives less than was asked for might let the next read wait. */
		result = in->stream;
	}
	mutex_unlock(&pipe->lock);
	if (done)
		pipe_tell_readable(pipe);
	return done ? (ssize_t)done : result;
}

/* --- from a pipe into a file ------------------------------------------------------------ */

/* Of the first buffer, up to n bytes. */
static ssize_t write_buffer(struct pipe *pipe, struct file *out, loff_t *at, size_t n)
{
	const struct pipe_buffer *first = pipe_buffer(pipe, pipe->tail);
	void *page = first->page;
	struct transfer transfer;

	transfer_kernel(&transfer, &page, first->offset + smaller(n, first->length));
	transfer_skip(&transfer, first->offset);
	ssize_t put = file_write(out, &transfer, at);
	if (put > 0)
		pipe_consume(pipe, put);
	return put;
}

static ssize_t out_of_pipe(struct pipe *pipe, struct file *out, loff_t *at, size_t n, bool nonblock)
{
	size_t done = 0;

	mutex_lock(&pipe->lock);
	ssize_t result = pipe_wait_bytes(pipe, nonblock);
	uint32_t first = pipe->tail;
	while (result > 0 && done < n && pipe_count(pipe)) {
		result = write_buffer(pipe, out, at, n - done);
		if (result > 0)
			done += result;
	}
	bool freed = pipe->tail != first;
	mutex_unlock(&pipe->lock);
	if (freed)
		pipe_tell_writable(pipe);
	return done ? (ssize_t)done : result;
}

/* --- from a pipe to a pipe -------------------------------------------------------------- */

static void lock_both(struct pipe *a, struct pipe *b)
{
	mutex_lock(&(a < b ? a : b)->lock);
	mutex_lock_nested(&(a < b ? b : a)->lock, 1);
}

static void unlock_both(struct pipe *a, struct pipe *b)
{
	mutex_unlock(&a->lock);
	mutex_unlock(&b->lock);
}

/* Until there are bytes in the one and room in the other, with both locks; on return of 0 or less
 * without: 0 at the end, -EPIPE, -EAGAIN, -EINTR. */
static int wait_for_both(struct pipe *from, struct pipe *to, bool nonblock)
{
	for (;;) {
		mutex_lock(&from->lock);
		int result = pipe_wait_bytes(from, nonblock);
		mutex_unlock(&from->lock);
		if (result <= 0)
			return result;
		mutex_lock(&to->lock);
		result = pipe_wait_room(to, nonblock);
		mutex_unlock(&to->lock);
		if (result < 0)
			return result;
		lock_both(from, to);
		if (to->readers && pipe_count(from) && pipe_count(to) < to->size)
			return 1;
		unlock_both(from, to); /* others were quicker */
	}
}

/* Adds up to n bytes of the buffer to the other pipe. Their number, or -ENOMEM. */
static ssize_t copy_buffer(struct pipe *to, const struct pipe_buffer *buffer, size_t n)
{
	uint32_t part = smaller(n, buffer->length);
	char *page = pipe_page_get(to);

	if (!page)
		return -ENOMEM;
	memcpy(page, buffer->page + buffer->offset, part);
	pipe_push(to, page, 0, part, buffer->kind == PIPE_PACKET ? PIPE_PACKET : PIPE_CLOSED);
	return part;
}

static ssize_t move_buffer(struct pipe *from, struct pipe *to, size_t n)
{
	struct pipe_buffer *first = pipe_buffer(from, from->tail);
	uint32_t length = first->length;

	if (n < length) {
		ssize_t part = copy_buffer(to, first, n);
		if (part > 0)
			pipe_consume(from, part);
		return part;
	}
	pipe_push(to, first->page, first->offset, length,
	          first->kind == PIPE_PACKET ? PIPE_PACKET : PIPE_CLOSED);
	from->tail++;
	return length;
}

/* With `keep` the bytes stay in the first pipe, too. */
static ssize_t pipe_to_pipe(struct pipe *from, struct pipe *to, size_t n, bool keep, bool nonblock)
{
	ssize_t result = wait_for_both(from, to, nonblock);
	size_t done = 0;

	if (result <= 0)
		return result;
	uint32_t first = from->tail;
	for (uint32_t i = first;
	     result > 0 && done < n && i != from->head && pipe_count(to) < to->size; i++) {
		result = keep ? copy_buffer(to, pipe_buffer(from, i), n - done)
		              : move_buffer(from, to, n - done);
		if (result > 0)
			done += result;
	}
	bool freed = from->tail != first;
	unlock_both(from, to);
	if (freed)
		pipe_tell_writable(from);
	if (done)
		pipe_tell_readable(to);
	return done ? (ssize_t)done : result;
}

/* --- the calls -------------------------------------------------------------------------- */

static int check_splice(const struct file *in, const loff_t *in_at, const struct file *out,
                        const loff_t *out_at)
{
	const struct pipe *from = pipe_of(in), *to = pipe_of(out);

	if (file_may_read(in, false) || file_may_write(out, false))
		return -EBADF;
	if ((from && in_at) || (to && out_at))
		return -ESPIPE;
	if (from == to) /* neither, or one for both */
		return -EINVAL;
	if ((in_at && in->stream) || (out_at && out->stream))
		return -EINVAL;
	if (!to && (out->flags & O_APPEND || !out->ops->write))
		return -EINVAL;
	return !from && !in->ops->read ? -EINVAL : 0;
}

ssize_t file_splice(struct file *in, loff_t *in_at, struct file *out, loff_t *out_at, size_t n,
                    bool nonblock)
{
	struct pipe *from = pipe_of(in), *to = pipe_of(out);
	int error = check_splice(in, in_at, out, out_at);

	if (error)
		return error;
	nonblock |= (from && in->flags & O_NONBLOCK) || (to && out->flags & O_NONBLOCK);
	n = smaller(n, TRANSFER_MOST);
	if (from && to)
		return pipe_to_pipe(from, to, n, false, nonblock);
	return from ? out_of_pipe(from, out, out_at, n, nonblock)
	            : into_pipe(to, in, in_at, n, nonblock);
}

ssize_t pipe_tee(struct file *in, struct file *out, size_t n, bool nonblock)
{
	struct pipe *from = pipe_of(in), *to = pipe_of(out);

	if (file_may_read(in, false) || file_may_write(out, false))
		return -EBADF;
	if (!from || !to || from == to)
		return -EINVAL;
	nonblock |= (in->flags | out->flags) & O_NONBLOCK;
	return pipe_to_pipe(from, to, smaller(n, TRANSFER_MOST), true, nonblock);
}

ssize_t pipe_take_user(struct file *out, struct transfer *transfer, bool nonblock)
{
	struct pipe *pipe = pipe_of(out);
	size_t n = transfer->left;

	if (!pipe)
		return -EBADF;
	mutex_lock(&pipe->lock);
	ssize_t result = pipe_wait_room(pipe, nonblock);
	while (result >= 0 && transfer->left && pipe_count(pipe) < pipe->size)
		result = pipe_fill(pipe, transfer, transfer_in_page(transfer), PIPE_CLOSED);
	mutex_unlock(&pipe->lock);
	if (n > transfer->left)
		pipe_tell_readable(pipe);
	return n > transfer->left ? (ssize_t)(n - transfer->left) : result;
}
