/* SPDX-License-Identifier: MIT */
/* Open files and their descriptors: open(2), read(2), write(2), dup(2), fcntl(2), ioctl(2),
 * pipe(2), getdents(2), sync(2). */
#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/signal.h>
#include <linux/stat.h>
#include <linux/uio.h>

#include "kernel/dev/tty.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/path.h"
#include "userprog/process.h"
#include "userprog/signal.h"
#include "userprog/syscall.h"
#include "userprog/terminal.h"
#include "vm/mmap.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define RW_MOST 0x7ffff000u /* bytes one call moves at most (read(2), NOTES) */
#define VECTOR_MOST 1024    /* IOV_MAX */

static struct file *get(int number)
{
	return descriptor_file(process_current()->files, number);
}

/* Gives the file, whose reference is taken over, a number. */
static int32_t new_descriptor(struct file *file, uint32_t from, bool close_on_exec)
{
	struct process *self = process_current();
	int number = descriptor_add(self->files, file, from,
	                            self->limits[RLIMIT_NOFILE].rlim_cur, close_on_exec);
	if (number < 0)
		file_put(file);
	return number;
}

/* ---- opening and closing ---- */

static int32_t sys_openat(int directory, const char *user_path, uint32_t flags, uint32_t mode)
{
	struct process *self = process_current();
	struct place place;
	struct file *file;
	int error = place_get(&place, directory, user_path, false);
	if (error)
		return error;
	error = vfs_open(place.at, place.path, flags, mode & 07777 & ~self->umask, &file);
	place_put(&place);
	if (error)
		return error == -EINTR ? -ERESTARTSYS : error;
	error = terminal_opened(file, flags & O_NOCTTY);
	if (error) {
		file_put(file);
		return error;
	}
	return new_descriptor(file, 0, flags & O_CLOEXEC);
}

static int32_t sys_open(const char *user_path, uint32_t flags, uint32_t mode)
{
	return sys_openat(AT_FDCWD, user_path, flags, mode);
}

static int32_t sys_creat(const char *user_path, uint32_t mode)
{
	return sys_openat(AT_FDCWD, user_path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

static int32_t sys_close(int number)
{
	return descriptor_close(process_current()->files, number);
}

static int32_t sys_close_range(uint32_t first, uint32_t last, uint32_t flags)
{
	struct descriptor_table *files = process_current()->files;
	if (first > last || flags)
		return -EINVAL;
	int number = (int)(first > INT32_MAX ? INT32_MAX : first) - 1;
	while ((number = descriptor_next(files, number)) >= 0 && (uint32_t)number <= last)
		descriptor_close(files, number);
	return 0;
}

static int32_t sys_pipe2(int *user_numbers, uint32_t flags)
{
	struct file *ends[2];
	int numbers[2];
	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	int error = pipe_create(flags, &ends[0], &ends[1]);
	if (error)
		return error;
	numbers[0] = new_descriptor(ends[0], 0, flags & O_CLOEXEC);
	if (numbers[0] < 0) {
		file_put(ends[1]);
		return numbers[0];
	}
	numbers[1] = new_descriptor(ends[1], 0, flags & O_CLOEXEC);
	error = numbers[1] < 0 ? numbers[1] : copy_to_user(user_numbers, numbers, sizeof numbers);
	if (!error)
		return 0;
	sys_close(numbers[0]);
	if (numbers[1] >= 0)
		sys_close(numbers[1]);
	return error;
}

static int32_t sys_pipe(int *user_numbers)
{
	return sys_pipe2(user_numbers, 0);
}

static int32_t sys_memfd_create(const char *user_name, uint32_t flags)
{
	struct inode *inode;
	struct file *file;
	char name[250]; /* only looked at: nobody can open it by that name */
	if (flags & ~(uint32_t)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	ssize_t length = copy_string_from_user(name, user_name, sizeof name);
	if (length < 0)
		return length == -ENAMETOOLONG ? -EINVAL : (int32_t)length;
	int error = tmpfs_create_nameless(0, &inode);
	if (error)
		return error;
	error = file_open_inode(inode, O_RDWR, &file);
	inode_put(inode);
	return error ? error : new_descriptor(file, 0, flags & MFD_CLOEXEC);
}

/* ---- duplicates ---- */

static int32_t duplicate(int number, uint32_t from, bool close_on_exec)
{
	struct file *file = get(number);
	return file ? new_descriptor(file, from, close_on_exec) : -EBADF;
}

static int32_t sys_dup(int number)
{
	return duplicate(number, 0, false);
}

static int32_t duplicate_to(int number, uint32_t to, bool close_on_exec)
{
	struct process *self = process_current();
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	int error = -EBADF;
	if (to < self->limits[RLIMIT_NOFILE].rlim_cur && to < DESCRIPTORS_MAX)
		error = descriptor_set(self->files, file, to, close_on_exec);
	if (error)
		file_put(file);
	return error ? error : (int32_t)to;
}

static int32_t sys_dup3(int number, uint32_t to, uint32_t flags)
{
	if ((uint32_t)number == to || flags & ~(uint32_t)O_CLOEXEC)
		return -EINVAL;
	return duplicate_to(number, to, flags & O_CLOEXEC);
}

static int32_t sys_dup2(int number, uint32_t to)
{
	if ((uint32_t)number != to)
		return duplicate_to(number, to, false);
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	file_put(file);
	return number;
}

/* ---- reading and writing ---- */

/* What a transfer returns to the program; interrupted ones begin again. */
static int32_t transfer_result(ssize_t n, bool writing)
{
	if (n == -EPIPE && writing)
		signal_send(process_current(), SIGPIPE, NULL);
	return n == -EINTR ? -ERESTARTSYS : n;
}

/* Whether the caller may move data that way; the terminal's background rules included. */
static int check_transfer(const struct file *file, bool writing)
{
	uint32_t mode = file->flags & O_ACCMODE;
	if (mode == (writing ? O_RDONLY : O_WRONLY) || file->flags & O_PATH)
		return -EBADF;
	if (!terminal_is(file))
		return 0;
	if (!writing)
		return terminal_check(file, SIGTTIN);
	struct termios termios;
	tty_get_termios(&console_tty, &termios);
	return termios.c_lflag & TOSTOP ? terminal_check(file, SIGTTOU) : 0;
}

static ssize_t transfer(struct file *file, bool writing, void *user, size_t n,
                        loff_t *position)
{
	if (n > RW_MOST)
		n = RW_MOST;
	if (!user_range(user, n))
		return -EFAULT;
	return writing ? file_write(file, user, n, position) : file_read(file, user, n, position);
}

static int32_t transfer_once(int number, bool writing, void *user, size_t n, loff_t *position)
{
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	ssize_t result = check_transfer(file, writing);
	if (!result)
		result = transfer(file, writing, user, n, position);
	file_put(file);
	return transfer_result(result, writing);
}

static int32_t sys_read(int number, void *user, size_t n)
{
	return transfer_once(number, false, user, n, NULL);
}

static int32_t sys_write(int number, void *user, size_t n)
{
	return transfer_once(number, true, user, n, NULL);
}

static int32_t sys_pread64(int number, void *user, size_t n, int64_t position)
{
	return position < 0 ? -EINVAL : transfer_once(number, false, user, n, &position);
}

static int32_t sys_pwrite64(int number, void *user, size_t n, int64_t position)
{
	return position < 0 ? -EINVAL : transfer_once(number, true, user, n, &position);
}

/* Piece after piece, until one is not filled. */
static ssize_t transfer_vector(struct file *file, bool writing, const struct iovec *user_vector,
                               uint32_t count, loff_t *position)
{
	ssize_t total = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct iovec piece;
		ssize_t n = -EFAULT;
		if (!copy_from_user(&piece, &user_vector[i], sizeof piece))
			n = piece.iov_len > (size_t)INT32_MAX - (size_t)total
			            ? -EINVAL
			            : transfer(file, writing, piece.iov_base, piece.iov_len,
			                       position);
		if (n < 0)
			return total ? total : n;
		total += n;
		if ((size_t)n < piece.iov_len)
			break;
	}
	return total;
}

static int32_t vector_once(int number, bool writing, const struct iovec *user_vector,
                           uint32_t count, loff_t *position)
{
	if (count > VECTOR_MOST)
		return -EINVAL;
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	ssize_t result = check_transfer(file, writing);
	if (!result)
		result = transfer_vector(file, writing, user_vector, count, position);
	file_put(file);
	return transfer_result(result, writing);
}

static int32_t sys_readv(int number, const struct iovec *user_vector, uint32_t count)
{
	return vector_once(number, false, user_vector, count, NULL);
}

static int32_t sys_writev(int number, const struct iovec *user_vector, uint32_t count)
{
	return vector_once(number, true, user_vector, count, NULL);
}

/* The position comes in two words of 32 bits whatever the size of a word. */
static int32_t sys_preadv(int number, const struct iovec *user_vector, uint32_t count,
                          int64_t position)
{
	return position < 0 ? -EINVAL : vector_once(number, false, user_vector, count, &position);
}

static int32_t sys_pwritev(int number, const struct iovec *user_vector, uint32_t count,
                           int64_t position)
{
	return position < 0 ? -EINVAL : vector_once(number, true, user_vector, count, &position);
}

static loff_t seek(int number, loff_t offset, int whence)
{
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	loff_t position = file_seek(file, offset, whence);
	file_put(file);
	return position;
}

static int32_t sys_lseek(int number, int32_t offset, int whence)
{
	loff_t position = seek(number, offset, whence);
	return position > INT32_MAX ? -EOVERFLOW : (int32_t)position;
}

static int32_t sys__llseek(int number, uint32_t high, uint32_t low, loff_t *user_position,
                           int whence)
{
	loff_t position = seek(number, (loff_t)((uint64_t)high << 32 | low), whence);
	return position < 0 ? (int32_t)position
	                    : copy_to_user(user_position, &position, sizeof position);
}

/* sendfile(2): the bytes pass through a piece of the caller's own space, mapped for that. */
#define SENDFILE_PIECE (16 * PAGE_SIZE)

static ssize_t send(struct file *to, struct file *from, loff_t *position, size_t n, void *piece)
{
	size_t total = 0;
	/* A file may be one long hole: a signal ends the call after any piece. */
	while (total < n && !(total && signal_pending())) {
		size_t wanted = n - total < SENDFILE_PIECE ? n - total : SENDFILE_PIECE;
		loff_t at = position ? *position : file_seek(from, 0, SEEK_CUR);
		ssize_t got = file_read(from, piece, wanted, &at);
		ssize_t put = got > 0 ? file_write(to, piece, (size_t)got, NULL) : got;
		if (put <= 0)
			return total ? (ssize_t)total : put;
		if (position)
			*position += put;
		else
			file_seek(from, put, SEEK_CUR);
		total += (size_t)put;
		if (put < got)
			break;
	}
	return (ssize_t)total;
}

static int32_t sendfile_files(struct file *to, struct file *from, loff_t *position, size_t n)
{
	struct spt *spt = process_current()->spt;
	if ((to->flags & O_ACCMODE) == O_RDONLY || (from->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (!from->inode || !S_ISREG(from->inode->mode) || to->flags & O_APPEND)
		return -EINVAL; /* read(2) and write(2) will do */
	uintptr_t piece = vm_mmap(spt, 0, SENDFILE_PIECE, PROT_READ | PROT_WRITE,
	                          MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0, true);
	if (IS_ERROR(piece))
		return (int32_t)piece;
	ssize_t sent = send(to, from, position, n < RW_MOST ? n : RW_MOST, (void *)piece);
	vm_munmap(spt, piece, SENDFILE_PIECE);
	return transfer_result(sent, true);
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

/* ---- control ---- */

#define STATUS_FLAGS (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

/* Locks between processes are advice that everyone here is free to follow: each is granted,
 * and none is ever found. */
static int32_t lock_query(void *user_lock)
{
	short unlocked = F_UNLCK; /* the type: the first member of every form */
	return copy_to_user(user_lock, &unlocked, sizeof unlocked);
}

static int32_t file_control(struct file *file, int number, int command, uintptr_t argument)
{
	struct descriptor_table *files = process_current()->files;
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (argument >= process_current()->limits[RLIMIT_NOFILE].rlim_cur)
			return -EINVAL;
		return duplicate(number, argument, command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return descriptor_flag(files, number) ? FD_CLOEXEC : 0;
	case F_SETFD:
		descriptor_set_flag(files, number, argument & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return (int32_t)(file->flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC |
		                                           O_CLOEXEC)) | O_LARGEFILE;
	case F_SETFL:
		file->flags = (file->flags & ~(uint32_t)STATUS_FLAGS) | (argument & STATUS_FLAGS);
		return 0;
	case F_GETLK:
	case F_GETLK64:
	case F_OFD_GETLK:
		return lock_query((void *)argument);
	case F_SETLK:
	case F_SETLKW:
	case F_SETLK64:
	case F_SETLKW64:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
	case F_SETOWN:
		return 0;
	case F_GETOWN:
		return 0;
	default:
		return -EINVAL;
	}
}

static int32_t sys_fcntl64(int number, int command, uintptr_t argument)
{
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	int32_t result = file_control(file, number, command, argument);
	file_put(file);
	return result;
}

static int32_t sys_flock(int number)
{
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	file_put(file);
	return 0;
}

/* The two that every file knows. */
static bool common_ioctl(struct file *file, int number, uint32_t command, uintptr_t argument,
                         int *result)
{
	int on;
	switch (command) {
	case FIOCLEX:
	case FIONCLEX:
		descriptor_set_flag(process_current()->files, number, command == FIOCLEX);
		*result = 0;
		return true;
	case FIONBIO:
		*result = copy_from_user(&on, (void *)argument, sizeof on);
		if (!*result)
			file->flags = on ? file->flags | O_NONBLOCK
			                 : file->flags & ~(uint32_t)O_NONBLOCK;
		return true;
	default:
		return false;
	}
}

static int32_t sys_ioctl(int number, uint32_t command, uintptr_t argument)
{
	struct file *file = get(number);
	int result;
	if (!file)
		return -EBADF;
	if (!common_ioctl(file, number, command, argument, &result) &&
	    !terminal_ioctl(file, command, argument, &result))
		result = file->ops->ioctl ? file->ops->ioctl(file, command, argument) : -ENOTTY;
	file_put(file);
	return result;
}

/* ---- directories ---- */

/* getdents(2): records, each as long as its name needs, in a buffer of kernel memory. */
struct records {
	char *buffer;
	uint32_t size, used;
	bool wide; /* struct linux_dirent64, not linux_dirent */
	bool full;
};

struct record64 {
	uint64_t inode;
	int64_t next;
	uint16_t length;
	uint8_t type;
	char name[];
};

struct record32 {
	uint32_t inode;
	uint32_t next;
	uint16_t length;
	char name[]; /* the type is the record's last byte */
};

static bool emit_record(void *context, const char *name, size_t length, uint32_t inode,
                        loff_t next, uint32_t type)
{
	struct records *r = context;
	uint32_t head = r->wide ? offsetof(struct record64, name) : offsetof(struct record32, name);
	uint32_t size = (head + length + 2 + 7) & ~7u;
	if (r->used + size > r->size) {
		r->full = true;
		return false;
	}
	char *at = r->buffer + r->used;
	memset(at, 0, size);
	if (r->wide) {
		struct record64 *record = (struct record64 *)at;
		record->inode = inode;
		record->next = next;
		record->length = (uint16_t)size;
		record->type = (uint8_t)type;
	} else {
		struct record32 *record = (struct record32 *)at;
		record->inode = inode;
		record->next = (uint32_t)next;
		record->length = (uint16_t)size;
		at[size - 1] = (char)type;
	}
	memcpy(at + head, name, length);
	r->used += size;
	return true;
}

static int32_t read_directory(struct file *file, void *user, uint32_t size, bool wide)
{
	struct records r = {.size = size < PAGE_SIZE ? size : PAGE_SIZE, .wide = wide};
	if (!S_ISDIR(file->inode->mode) || !file->ops->iterate)
		return -ENOTDIR;
	r.buffer = kmalloc(PAGE_SIZE);
	if (!r.buffer)
		return -ENOMEM;
	mutex_lock(&file->lock);
	int error = file->ops->iterate(file, &file->position, emit_record, &r);
	mutex_unlock(&file->lock);
	if (!r.used && r.full)
		error = -EINVAL; /* not even one fits */
	else if (r.used)
		error = copy_to_user(user, r.buffer, r.used);
	kfree(r.buffer);
	return error < 0 ? error : (int32_t)r.used;
}

static int32_t directory_call(int number, void *user, uint32_t size, bool wide)
{
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	int32_t result = read_directory(file, user, size, wide);
	file_put(file);
	return result;
}

static int32_t sys_getdents(int number, void *user, uint32_t size)
{
	return directory_call(number, user, size, false);
}

static int32_t sys_getdents64(int number, void *user, uint32_t size)
{
	return directory_call(number, user, size, true);
}

/* ---- size and durability ---- */

static int32_t sys_ftruncate64(int number, int64_t size)
{
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	int error = -EINVAL;
	if (size >= 0 && path_may_truncate(file->inode) == 0 &&
	    (file->flags & O_ACCMODE) != O_RDONLY)
		error = inode_truncate(file->inode, (uint64_t)size);
	file_put(file);
	return error;
}

static int32_t sys_ftruncate(int number, int32_t size)
{
	return sys_ftruncate64(number, size);
}

static int32_t sync_file(int number, bool data_only)
{
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	int error = file_sync(file, data_only);
	file_put(file);
	return error;
}

static int32_t sys_fsync(int number)
{
	return sync_file(number, false);
}

static int32_t sys_fdatasync(int number)
{
	return sync_file(number, true);
}

static int32_t sys_sync(void)
{
	(void)vfs_sync(); /* sync(2) cannot fail */
	return 0;
}

static int32_t sys_syncfs(int number)
{
	struct file *file = get(number);
	if (!file)
		return -EBADF;
	file_put(file);
	return vfs_sync();
}

/* posix_fadvise(2) and readahead(2): the page cache reads ahead by its own lights. */
static int32_t sys_fadvise64_64(int number)
{
	return sys_flock(number);
}

const struct system_call file_calls[] = {
	CALL(openat, 4),
	CALL(open, 3),
	CALL(creat, 2),
	CALL(close, 1),
	CALL(close_range, 3),
	CALL(pipe2, 2),
	CALL(pipe, 1),
	CALL(memfd_create, 2),
	CALL(dup, 1),
	CALL(dup3, 3),
	CALL(dup2, 2),
	CALL(read, 3),
	CALL(write, 3),
	CALL(pread64, 5),
	CALL(pwrite64, 5),
	CALL(readv, 3),
	CALL(writev, 3),
	CALL(preadv, 5),
	CALL(pwritev, 5),
	CALL_RESTARTS(sendfile64, 4),
	CALL_RESTARTS(sendfile, 4),
	CALL(lseek, 3),
	CALL(_llseek, 5),
	CALL(fcntl64, 3),
	CALL_AS(fcntl, fcntl64, 3),
	CALL(flock, 2),
	CALL_RESTARTS(ioctl, 3),
	CALL(getdents, 3),
	CALL(getdents64, 3),
	CALL(ftruncate64, 3),
	CALL(ftruncate, 2),
	CALL(fsync, 1),
	CALL(fdatasync, 1),
	CALL(sync, 0),
	CALL(syncfs, 1),
	CALL(fadvise64_64, 6),
	CALL_AS(fadvise64, fadvise64_64, 5),
	CALL_AS(readahead, fadvise64_64, 4),
	CALLS_END,
};
