/* SPDX-License-Identifier: MIT */
/* Locks on files as programs ask for them: flock(2), fcntl(2). What they mean: kernel/fs/lock.h. */
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "kernel/fs/lock.h"
#include "kernel/fs/vfs.h"
#include "userprog/descriptor.h"
#include "userprog/locks.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

/* ---- record locks ---- */

/* The bytes that a struct flock64 speaks of. -EINVAL, -EOVERFLOW. */
static int range_of(struct file *file, const struct flock64 *asked, struct lock *lock)
{
	loff_t start, length = asked->l_len;

	switch (asked->l_whence) {
	case SEEK_SET:
		start = 0;
		break;
	case SEEK_CUR:
		start = file->position;
		break;
	case SEEK_END:
		start = (loff_t)file->inode->source.size;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(start, asked->l_start, &start))
		return -EOVERFLOW;
	if (start < 0 || (length < 0 && start + length < 0))
		return -EINVAL;
	if (length > 0 && length - 1 > LOCK_RANGE_END - start)
		return -EOVERFLOW;
	/* A negative length: the bytes before the start. */
	lock->first = length < 0 ? start + length : start;
	lock->last = length == 0 ? LOCK_RANGE_END
	           : length < 0  ? start - 1
	                         : start + (length - 1);
	return 0;
}

static int type_of(short asked, struct lock *lock)
{
	switch (asked) {
	case F_RDLCK:
		lock->type = LOCK_SHARED;
		return 0;
	case F_WRLCK:
		lock->type = LOCK_EXCLUSIVE;
		return 0;
	case F_UNLCK:
		lock->type = LOCK_NONE;
		return 0;
	default:
		return -EINVAL;
	}
}

static bool is_of_open_file(int command)
{
	return command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

/* What the command asks for, and for whom. */
static int lock_of(struct file *file, int command, const struct flock64 *asked, struct lock *lock)
{
	bool of_file = is_of_open_file(command);
	struct process *self = process_current();

	if (of_file && asked->l_pid)
		return -EINVAL;
	lock->kind = of_file ? LOCK_OFD : LOCK_POSIX;
	lock->owner = of_file ? (const void *)file : self->files;
	lock->pid = of_file ? -1 : self->id;
	int error = range_of(file, asked, lock);
	return error ? error : type_of(asked->l_type, lock);
}

/* A descriptor that another thread closed during the call has left no lock behind. */
static int check_still_open(struct file *file, int number, struct lock *lock)
{
	struct file *now = descriptor_file(process_current()->files, number);

	if (now)
		file_put(now);
	if (now == file || lock->type == LOCK_NONE)
		return 0;
	lock->type = LOCK_NONE;
	lock->first = 0;
	lock->last = LOCK_RANGE_END;
	lock_set(file->inode, lock, false);
	return -EBADF;
}

static int record_lock_set(struct file *file, int number, int command,
                           const struct flock64 *asked)
{
	bool wait = command == F_SETLKW || command == F_SETLKW64 || command == F_OFD_SETLKW;
	uint32_t mode = file->flags & O_ACCMODE;
	struct lock lock;
	int error = lock_of(file, command, asked, &lock);

	if (error)
		return error;
	if ((lock.type == LOCK_SHARED && mode != O_RDONLY && mode != O_RDWR) ||
	    (lock.type == LOCK_EXCLUSIVE && mode != O_WRONLY && mode != O_RDWR))
		return -EBADF;
	error = lock_set(file->inode, &lock, wait);
	if (error)
		return error == -EINTR ? -ERESTARTSYS : error;
	return check_still_open(file, number, &lock);
}

/* Puts the lock that is in the way into its place, or F_UNLCK as the type. */
static int record_lock_get(struct file *file, int command, struct flock64 *asked)
{
	struct lock lock, found;
	int error = lock_of(file, command, asked, &lock);

	if (error)
		return error;
	if (lock.type == LOCK_NONE)
		return -EINVAL;
	if (!lock_find_conflict(file->inode, &lock, &found)) {
		asked->l_type = F_UNLCK;
		return 0;
	}
	*asked = (struct flock64){
		.l_type = found.type == LOCK_SHARED ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = found.first,
		.l_len = found.last == LOCK_RANGE_END ? 0 : found.last - found.first + 1,
		.l_pid = found.pid,
	};
	return 0;
}

int lock_control64(struct file *file, int number, int command, void *user_lock)
{
	struct flock64 asked;

	if (copy_from_user(&asked, user_lock, sizeof asked))
		return -EFAULT;
	if (command != F_GETLK64 && command != F_OFD_GETLK)
		return record_lock_set(file, number, command, &asked);
	int error = record_lock_get(file, command, &asked);
	return error ? error : copy_to_user(user_lock, &asked, sizeof asked);
}

int lock_control32(struct file *file, int number, int command, void *user_lock)
{
	struct flock narrow;

	if (copy_from_user(&narrow, user_lock, sizeof narrow))
		return -EFAULT;
	struct flock64 asked = {
		.l_type = narrow.l_type,
		.l_whence = narrow.l_whence,
		.l_start = narrow.l_start,
		.l_len = narrow.l_len,
		.l_pid = narrow.l_pid,
	};
	if (command != F_GETLK)
		return record_lock_set(file, number, command, &asked);
	int error = record_lock_get(file, command, &asked);
	if (error)
		return error;
	if (asked.l_start > INT32_MAX)
		return -EOVERFLOW;
	narrow = (struct flock){
		.l_type = asked.l_type,
		.l_whence = asked.l_whence,
		.l_start = (__kernel_off_t)asked.l_start,
		.l_len = asked.l_len > INT32_MAX ? INT32_MAX : (__kernel_off_t)asked.l_len,
		.l_pid = asked.l_pid,
	};
	return copy_to_user(user_lock, &narrow, sizeof narrow);
}

/* ---- flock ---- */

#define LOCK_SH 1 /* <sys/file.h>; the uapi headers lack these */
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

static int32_t sys_flock(int number, int operation)
{
	struct lock lock = {
		.kind = LOCK_FLOCK,
		.last = LOCK_RANGE_END,
		.pid = process_current()->id,
	};

	if (operation & LOCK_MAND)
		return 0; /* mandatory locks: they were never taken, and say so nowhere */
	switch (operation & ~LOCK_NB) {
	case LOCK_SH:
		lock.type = LOCK_SHARED;
		break;
	case LOCK_EX:
		lock.type = LOCK_EXCLUSIVE;
		break;
	case LOCK_UN:
		lock.type = LOCK_NONE;
		break;
	default:
		return -EINVAL;
	}
	struct file *file = descriptor_file(process_current()->files, number);
	if (!file)
		return -EBADF;
	lock.owner = file;
	int error = lock_set(file->inode, &lock, !(operation & LOCK_NB));
	file_put(file);
	return error == -EINTR ? -ERESTARTSYS : error;
}

const struct system_call lock_calls[] = {
	CALL(flock, 2),
	CALLS_END,
};
