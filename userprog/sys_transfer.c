/* SPDX-License-Identifier: MIT */
/* Bytes from and to files: read(2), readv(2), preadv2(2), write(2) and their kin, sendfile(2). */
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/signal.h>
#include <linux/stat.h>
#include <linux/uio.h>

#include "kernel/dev/tty.h"
#include "kernel/fs/transfer.h"
#include "kernel/fs/pty.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/signal.h"
#include "userprog/syscall.h"
#include "userprog/terminal.h"
#include "vm/page.h"
#include "vm/usercopy.h"

enum direction { READING, WRITING };

static struct file *get(int number)
{
	return descriptor_file(process_current()->files, number);
}

/* What a transfer returns to the program; interrupted ones begin again. */
static int32_t transfer_result(ssize_t n)
{
	return n == -EINTR ? -ERESTARTSYS : n;
}

/* The rules for who is in the background of the terminal. */
static int check_terminal(const struct file *file, enum direction direction)
{
	if (!terminal_is(file))
		return 0;
	if (direction == READING)
		return terminal_check(file, SIGTTIN);
	struct termios termios;
	tty_get_termios(file_terminal(file), &termios);
	return termios.c_lflag & TOSTOP ? terminal_check(file, SIGTTOU) : 0;
}

/* For /proc/PID/io, which counts calls that moved nothing, too. */
static ssize_t count(enum direction direction, ssize_t done)
{
	struct transfer_counts *counts = &process_current()->transfers;
	uint64_t bytes = done > 0 ? (uint64_t)done : 0;
	if (direction == READING) {
		counts->bytes_read += bytes;
		counts->calls_read++;
	} else {
		counts->bytes_written += bytes;
		counts->calls_written++;
	}
	return done;
}

static ssize_t transfer_file(struct file *file, enum direction direction,
                             struct transfer *transfer, loff_t *position)
{
	int error = check_terminal(file, direction);
	if (error)
		return error;
	if (direction == READING)
		return count(READING, file_read(file, transfer, position));
	ssize_t done = count(WRITING, file_write(file, transfer, position));
	if (transfer->broken)
		signal_send_self(SIGPIPE);
	return done;
}

static int32_t transfer_once(int number, enum direction direction, void *user, size_t n,
                             loff_t *position)
{
	struct transfer transfer;
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	transfer_user(&transfer, user, n);
	ssize_t result = transfer_file(file, direction, &transfer, position);
	file_put(file);
	return transfer_result(result);
}

static int32_t sys_read(int number, void *user, size_t n)
{
	return transfer_once(number, READING, user, n, NULL);
}

static int32_t sys_write(int number, void *user, size_t n)
{
	return transfer_once(number, WRITING, user, n, NULL);
}

static int32_t sys_pread64(int number, void *user, size_t n, int64_t position)
{
	return position < 0 ? -EINVAL : transfer_once(number, READING, user, n, &position);
}

static int32_t sys_pwrite64(int number, void *user, size_t n, int64_t position)
{
	return position < 0 ? -EINVAL : transfer_once(number, WRITING, user, n, &position);
}

/* ---- vectors ---- */

#define RWF_KNOWN (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND)

/* Which files can tell without waiting whether there is something, as on Linux. */
static bool knows_no_wait(const struct file *file, enum direction direction)
{
	if (S_ISREG(file->inode->mode))
		return direction == READING && !file->inode->source.shmem;
	return S_ISFIFO(file->inode->mode) || (S_ISCHR(file->inode->mode) && !file->stream);
}

/* What the flags of preadv2(2) and pwritev2(2) add to those of the file; -EOPNOTSUPP. */
static int add_flags(const struct file *file, enum direction direction, uint32_t flags,
                     struct transfer *transfer)
{
	if (flags & ~(uint32_t)RWF_KNOWN)
		return -EOPNOTSUPP;
	if (flags & RWF_NOWAIT) {
		if (!knows_no_wait(file, direction))
			return -EOPNOTSUPP;
		transfer->flags |= O_NONBLOCK;
		transfer->no_wait = true;
	}
	if (direction == WRITING) {
		transfer->flags |= flags & RWF_APPEND ? O_APPEND : 0;
		transfer->flags |= flags & RWF_DSYNC ? O_DSYNC : 0;
		transfer->flags |= flags & RWF_SYNC ? __O_SYNC | O_DSYNC : 0;
	}
	return 0;
}

/* The vector is looked at when it is clear that the file may be used so. */
static ssize_t vector_file(struct file *file, enum direction direction,
                           const struct iovec *user_vector, uint32_t count, loff_t *position,
                           uint32_t flags)
{
	struct transfer transfer;
	int error = direction == WRITING ? file_may_write(file, position)
	                                 : file_may_read(file, position);
	if (!error)
		error = transfer_vector(&transfer, user_vector, count);
	if (error)
		return error;
	ssize_t result = 0;
	if (transfer.left)
		result = add_flags(file, direction, flags, &transfer);
	if (transfer.left && !result)
		result = transfer_file(file, direction, &transfer, position);
	transfer_release(&transfer);
	return result;
}

static int32_t vector_once(int number, enum direction direction, const struct iovec *user_vector,
                           uint32_t count, loff_t *position, uint32_t flags)
{
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	ssize_t result = vector_file(file, direction, user_vector, count, position, flags);
	file_put(file);
	return transfer_result(result);
}

static int32_t sys_readv(int number, const struct iovec *user_vector, uint32_t count)
{
	return vector_once(number, READING, user_vector, count, NULL, 0);
}

static int32_t sys_writev(int number, const struct iovec *user_vector, uint32_t count)
{
	return vector_once(number, WRITING, user_vector, count, NULL, 0);
}

/* The position comes in two words of 32 bits whatever the size of a word. */
static int32_t sys_preadv(int number, const struct iovec *user_vector, uint32_t count,
                          int64_t position)
{
	if (position < 0)
		return -EINVAL;
	return vector_once(number, READING, user_vector, count, &position, 0);
}

static int32_t sys_pwritev(int number, const struct iovec *user_vector, uint32_t count,
                           int64_t position)
{
	if (position < 0)
		return -EINVAL;
	return vector_once(number, WRITING, user_vector, count, &position, 0);
}

/* Position -1: the file's own. */
static int32_t sys_preadv2(int number, const struct iovec *user_vector, uint32_t count,
                           int64_t position, uint32_t flags)
{
	if (position < -1)
		return -EINVAL;
	return vector_once(number, READING, user_vector, count, position < 0 ? NULL : &position,
	                   flags);
}

static int32_t sys_pwritev2(int number, const struct iovec *user_vector, uint32_t count,
                            int64_t position, uint32_t flags)
{
	if (position < -1)
		return -EINVAL;
	return vector_once(number, WRITING, user_vector, count, position < 0 ? NULL : &position,
	                   flags);
}

/* ---- from file to file ---- */

/* sendfile(2): the bytes pass through pages of the kernel's. */
#define PASSING_PAGES TRANSFER_FEW

struct passage {
	void *pages[PASSING_PAGES];
	uint32_t count; /* as many as there was memory for */
};

static int passage_make(struct passage *passage)
{
	passage->count = 0;
	while (passage->count < PASSING_PAGES) {
		void *page = kmalloc(PAGE_SIZE);
		if (!page)
			break;
		passage->pages[passage->count++] = page;
	}
	return passage->count ? 0 : -ENOMEM;
}

static void passage_free(struct passage *passage)
{
	while (passage->count)
		kfree(passage->pages[--passage->count]);
}

/* A transfer of up to n bytes to or from the passage. */
static void passage_transfer(const struct passage *passage, struct transfer *transfer, size_t n)
{
	size_t room = passage->count * PAGE_SIZE;
	transfer_kernel(transfer, passage->pages, n < room ? n : room);
}

/* Reads at `from_at` (NULL: its own position, which then moves on), writes at `to_at`. */
static ssize_t pass(struct file *to, loff_t *to_at, struct file *from, loff_t *from_at, size_t n,
                    const struct passage *passage)
{
	struct transfer transfer;
	size_t total = 0;
	/* A file may be one long hole: a signal ends the call after any piece. */
	while (total < n && !(total && signal_pending())) {
		loff_t at = from_at ? *from_at : file_seek(from, 0, SEEK_CUR);
		passage_transfer(passage, &transfer, n - total);
		ssize_t got = count(READING, file_read(from, &transfer, &at));
		passage_transfer(passage, &transfer, got > 0 ? (size_t)got : 0);
		ssize_t put = got > 0 ? transfer_file(to, WRITING, &transfer, to_at) : got;
		if (put <= 0)
			return total ? (ssize_t)total : put;
		if (from_at)
			*from_at += put;
		else
			file_seek(from, put, SEEK_CUR);
		total += (size_t)put;
		if (put < got)
			break;
	}
	return (ssize_t)total;
}

static ssize_t pass_files(struct file *to, loff_t *to_at, struct file *from, loff_t *from_at,
                          size_t n)
{
	struct passage passage;
	ssize_t passed = passage_make(&passage);
	if (!passed)
		passed = pass(to, to_at, from, from_at, n < TRANSFER_MOST ? n : TRANSFER_MOST,
		              &passage);
	passage_free(&passage);
	return passed;
}

static int32_t sendfile_files(struct file *to, struct file *from, loff_t *position, size_t n)
{
	int error = file_may_read(from, position);
	if (!error)
		error = file_may_write(to, false);
	if (error)
		return error;
	if (from->stream || !from->ops->read || !to->ops->write || to->flags & O_APPEND)
		return -EINVAL; /* read(2) and write(2) will do */
	return transfer_result(pass_files(to, NULL, from, position, n));
}

static int32_t sendfile_numbers(int to_number, int from_number, loff_t *position, size_t n)
{
	struct file *to = get(to_number), *from = get(from_number);
	int32_t result = to && from ? sendfile_files(to, from, position, n) : -EBADF;
	if (to)
		file_put(to);
	if (from)
		file_put(from);
	return result;
}

static int32_t sys_sendfile64(int to, int from, loff_t *user_position, size_t n)
{
	loff_t position;
	if (!user_position)
		return sendfile_numbers(to, from, NULL, n);
	if (copy_from_user(&position, user_position, sizeof position))
		return -EFAULT;
	int32_t result = position < 0 ? -EINVAL : sendfile_numbers(to, from, &position, n);
	return copy_to_user(user_position, &position, sizeof position) ? -EFAULT : result;
}

static int32_t sys_sendfile(int to, int from, int32_t *user_position, size_t n)
{
	int32_t narrow;
	if (!user_position)
		return sendfile_numbers(to, from, NULL, n);
	if (copy_from_user(&narrow, user_position, sizeof narrow))
		return -EFAULT;
	loff_t position = narrow;
	int32_t result = position < 0 ? -EINVAL : sendfile_numbers(to, from, &position, n);
	narrow = (int32_t)position;
	return copy_to_user(user_position, &narrow, sizeof narrow) ? -EFAULT : result;
}

/* Two open files, for a call that takes two. */
struct two_files {
	struct file *in, *out;
};

static int two_files_get(struct two_files *two, int in, int out)
{
	two->in = get(in);
	two->out = two->in ? get(out) : NULL;
	if (two->out)
		return 0;
	if (two->in)
		file_put(two->in);
	return -EBADF;
}

static void two_files_put(const struct two_files *two)
{
	file_put(two->in);
	file_put(two->out);
}

/* The positions that splice(2) and copy_file_range(2) may be told, and tell back. */
static int position_read(loff_t *position, const loff_t *user_position)
{
	return user_position ? copy_from_user(position, user_position, sizeof *position) : 0;
}

static int position_write(const loff_t *position, loff_t *user_position)
{
	return user_position ? copy_to_user(user_position, position, sizeof *position) : 0;
}

#define SPLICE_F_MOVE 1u /* linux/splice.h is not there for programs, nor for kernels */
#define SPLICE_F_NONBLOCK 2u
#define SPLICE_F_MORE 4u
#define SPLICE_F_GIFT 8u
#define SPLICE_F_ALL (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

static int32_t splice_result(ssize_t done)
{
	if (done == -EPIPE)
		signal_send_self(SIGPIPE);
	return transfer_result(done);
}

static ssize_t splice_files(const struct two_files *two, loff_t *user_in_at, loff_t *user_out_at,
                            size_t n, uint32_t flags)
{
	loff_t in_at, out_at;
	if ((user_in_at && S_ISFIFO(two->in->inode->mode)) ||
	    (user_out_at && S_ISFIFO(two->out->inode->mode)))
		return -ESPIPE;
	if (position_read(&out_at, user_out_at) || position_read(&in_at, user_in_at))
		return -EFAULT;
	ssize_t done = file_splice(two->in, user_in_at ? &in_at : NULL, two->out,
	                           user_out_at ? &out_at : NULL, n, flags & SPLICE_F_NONBLOCK);
	if (done >= 0 && (position_write(&out_at, user_out_at) ||
	                  position_write(&in_at, user_in_at)))
		return -EFAULT;
	return done;
}

static int32_t sys_splice(int in, loff_t *user_in_at, int out, loff_t *user_out_at, size_t n,
                          uint32_t flags)
{
	struct two_files two;
	if (!n)
		return 0;
	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	int error = two_files_get(&two, in, out);
	if (error)
		return error;
	ssize_t done = splice_files(&two, user_in_at, user_out_at, n, flags);
	two_files_put(&two);
	return splice_result(done);
}

static int32_t sys_tee(int in, int out, size_t n, uint32_t flags)
{
	struct two_files two;
	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!n)
		return 0;
	int error = two_files_get(&two, in, out);
	if (error)
		return error;
	ssize_t done = pipe_tee(two.in, two.out, n, flags & SPLICE_F_NONBLOCK);
	two_files_put(&two);
	return splice_result(done);
}

/* Into a pipe's end for writing; from its end for reading it is a readv(2). */
static ssize_t vmsplice_file(struct file *file, const struct iovec *user_vector, uint32_t count,
                             uint32_t flags)
{
	bool writing = !file_may_write(file, false);
	struct transfer transfer;
	int error = transfer_vector(&transfer, user_vector, count);
	if (error)
		return error;
	ssize_t done = 0;
	transfer.flags = flags & SPLICE_F_NONBLOCK ? O_NONBLOCK : 0;
	if (!S_ISFIFO(file->inode->mode))
		done = -EBADF;
	else if (transfer.left)
		done = writing ? pipe_take_user(file, &transfer, flags & SPLICE_F_NONBLOCK)
		               : file_read(file, &transfer, NULL);
	transfer_release(&transfer);
	return done;
}

static int32_t sys_vmsplice(int number, const struct iovec *user_vector, uint32_t count,
                            uint32_t flags)
{
	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	ssize_t done = vmsplice_file(file, user_vector, count, flags);
	file_put(file);
	return splice_result(done);
}

/* ---- copy_file_range(2) ---- */

static int check_copy(const struct two_files *two, loff_t in_at, loff_t out_at, size_t n)
{
	const struct inode *in = two->in->inode, *out = two->out->inode;
	if (S_ISDIR(in->mode) || S_ISDIR(out->mode))
		return -EISDIR;
	if (!S_ISREG(in->mode) || !S_ISREG(out->mode))
		return -EINVAL;
	if (file_may_read(two->in, false) || file_may_write(two->out, false) ||
	    two->out->flags & O_APPEND)
		return -EBADF;
	/* As numbers without a sign, in this order. */
	if ((uint64_t)in_at + n < (uint64_t)in_at || (uint64_t)out_at + n < (uint64_t)out_at)
		return -EOVERFLOW;
	if (in_at < 0 || out_at < 0)
		return -EINVAL;
	/* What the file has, not what was asked for, may not overlap. */
	loff_t rest = in->source.size > (uint64_t)in_at ? (loff_t)in->source.size - in_at : 0;
	loff_t most = (loff_t)n < rest ? (loff_t)n : rest;
	return in == out && in_at < out_at + most && out_at < in_at + most ? -EINVAL : 0;
}

static ssize_t copy_range(const struct two_files *two, loff_t *user_in_at, loff_t *user_out_at,
                          size_t n)
{
	loff_t in_at = file_seek(two->in, 0, SEEK_CUR), out_at = file_seek(two->out, 0, SEEK_CUR);
	if (position_read(&in_at, user_in_at) || position_read(&out_at, user_out_at))
		return -EFAULT;
	int error = check_copy(two, in_at, out_at, n);
	if (error)
		return error;
	ssize_t done = pass_files(two->out, user_out_at ? &out_at : NULL, two->in,
	                          user_in_at ? &in_at : NULL, n);
	if (done > 0 && (position_write(&in_at, user_in_at) ||
	                 position_write(&out_at, user_out_at)))
		return -EFAULT;
	return done;
}

static int32_t sys_copy_file_range(int in, loff_t *user_in_at, int out, loff_t *user_out_at,
                                   size_t n, uint32_t flags)
{
	struct two_files two;
	int error = two_files_get(&two, in, out);
	if (error)
		return error;
	ssize_t done = flags ? -EINVAL : copy_range(&two, user_in_at, user_out_at, n);
	two_files_put(&two);
	return transfer_result(done);
}

const struct system_call transfer_calls[] = {
	CALL(read, 3),
	CALL(write, 3),
	CALL(pread64, 5),
	CALL(pwrite64, 5),
	CALL(readv, 3),
	CALL(writev, 3),
	CALL(preadv, 5),
	CALL(pwritev, 5),
	CALL(preadv2, 6),
	CALL(pwritev2, 6),
	CALL_RESTARTS(sendfile64, 4),
	CALL_RESTARTS(sendfile, 4),
	CALL(splice, 6),
	CALL(tee, 4),
	CALL(vmsplice, 4),
	CALL(copy_file_range, 6),
	CALLS_END,
};
