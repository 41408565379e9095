/* SPDX-License-Identifier: MIT */
/* Open files and their descriptors: open(2), dup(2), lseek(2), fcntl(2), ioctl(2), pipe(2),
 * getdents(2), sync(2). */
#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <asm/sockios.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "kernel/dev/tty.h"
#include "kernel/fs/lease.h"
#include "kernel/fs/notify.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/locks.h"
#include "userprog/owner.h"
#include "userprog/path.h"
#include "userprog/process.h"
#include "userprog/signal.h"
#include "userprog/syscall.h"
#include "userprog/terminal.h"
#include "vm/mmap.h"
#include "vm/page.h"
#include "vm/usercopy.h"

static struct file *get(int number)
{
	return descriptor_file(process_current()->files, number);
}

static struct file *get_place(int number)
{
	return descriptor_place(process_current()->files, number);
}

/* ---- closing, pipes, nameless files ---- */

static int32_t sys_close(int number)
{
	return descriptor_close(process_current()->files, number);
}

static int32_t sys_close_range(uint32_t first, uint32_t last, uint32_t flags)
{
	struct process *self = process_current();
	if (first > last || flags & ~(uint32_t)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		/* The threads of one process have one table for ever. */
		int error = self->living > 1 ? -EINVAL : descriptors_unshare();
		if (error)
			return error;
	}
	struct descriptor_table *files = self->files;
	int number = (int)(first > INT32_MAX ? INT32_MAX : first) - 1;
	while ((number = descriptor_next(files, number)) >= 0 && (uint32_t)number <= last)
		if (flags & CLOSE_RANGE_CLOEXEC)
			descriptor_set_flag(files, number, true);
		else
			descriptor_close(files, number);
	return 0;
}

static int32_t sys_pipe2(int *user_numbers, uint32_t flags)
{
	struct file *ends[2];
	int numbers[2];
	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	int error = pipe_create(flags, &ends[0], &ends[1]);
	if (error)
		return error;
	numbers[0] = descriptor_new(ends[0], 0, flags & O_CLOEXEC);
	if (numbers[0] < 0) {
		file_put(ends[1]);
		return numbers[0];
	}
	numbers[1] = descriptor_new(ends[1], 0, flags & O_CLOEXEC);
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
	static const char before[] = "/memfd:", behind[] = " (deleted)";
	struct file *file;
	char name[250], shown[sizeof name + sizeof before + sizeof behind];
	if (flags & ~(uint32_t)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	ssize_t length = copy_string_from_user(name, user_name, sizeof name);
	if (length < 0)
		return length == -ENAMETOOLONG ? -EINVAL : (int32_t)length;
	snprintf(shown, sizeof shown, "%s%s%s", before, name, behind);
	int error = tmpfs_open_nameless(shown, 0, &file);
	if (error)
		return error;
	file->inode->seals = flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL;
	return descriptor_new(file, 0, flags & MFD_CLOEXEC);
}

/* ---- duplicates ---- */

static int32_t duplicate(int number, uint32_t from, bool close_on_exec)
{
	struct file *file = get_place(number);
	return file ? descriptor_new(file, from, close_on_exec) : -EBADF;
}

static int32_t sys_dup(int number)
{
	return duplicate(number, 0, false);
}

static int32_t duplicate_to(int number, uint32_t to, bool close_on_exec)
{
	struct process *self = process_current();
	struct file *file = get_place(number);
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
	struct file *file = get_place(number);
	if (!file)
		return -EBADF;
	file_put(file);
	return number;
}

/* ---- positions ---- */

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

/* ---- control ---- */

#define STATUS_FLAGS (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

static int set_status(struct file *file, int number, uint32_t flags)
{
	bool unseen = flags & O_NOATIME && !(file->flags & O_NOATIME);
	int error = unseen ? inode_right(file->inode, MAY_READ_UNSEEN) : 0;
	if (!error && (flags ^ file->flags) & FASYNC)
		error = owner_set_async(file, number, flags & FASYNC);
	if (error && error != -ENOTTY) /* of those that tell nobody anything O_ASYNC is left out */
		return error;
	file->flags = (file->flags & ~(uint32_t)STATUS_FLAGS) | (flags & STATUS_FLAGS);
	return 0;
}

/* F_SET_RW_HINT, F_GET_RW_HINT: for how long what is written will stay. */
static int32_t hint_control(struct inode *inode, int command, uint64_t *user_hint)
{
	uint64_t hint = inode->write_hint;
	if (command == F_GET_RW_HINT)
		return copy_to_user(user_hint, &hint, sizeof hint);
	int error = inode_right(inode, MAY_SET_MODE);
	if (!error)
		error = copy_from_user(&hint, user_hint, sizeof hint);
	if (!error && hint > RWH_WRITE_LIFE_EXTREME)
		error = -EINVAL;
	if (!error)
		inode->write_hint = (uint32_t)hint;
	return error;
}

/* The events of F_NOTIFY as inotify(7) has them; 0: none any more. Those that nobody knows ask for
 * nothing, but not for an end. */
static uint32_t notify_events(uint32_t asked)
{
	static const struct {
		uint32_t asked, events;
	} pairs[] = {
		{DN_ACCESS, IN_ACCESS},
		{DN_MODIFY, IN_MODIFY},
		{DN_CREATE, IN_CREATE | IN_MOVED_TO},
		{DN_DELETE, IN_DELETE | IN_MOVED_FROM},
		{DN_RENAME, IN_RENAMED},
		{DN_ATTRIB, IN_ATTRIB},
	};
	uint32_t events = asked & ~DN_MULTISHOT ? IN_ONLYDIR : 0;
	for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (asked & pairs[i].asked)
			events |= pairs[i].events;
	return events;
}

/* A descriptor that another thread closed meanwhile has left no request behind. */
static int32_t directory_notify(struct file *file, int number, uint32_t asked)
{
	struct descriptor_table *files = process_current()->files;
	uint32_t events = notify_events(asked);
	int error = events && S_ISDIR(file->inode->mode) ? owner_name_caller(file) : 0;
	if (!error)
		error = notify_by_signal(file, files, number, events, asked & DN_MULTISHOT);
	struct file *now = error || !events ? NULL : descriptor_file(files, number);
	if (now)
		file_put(now);
	if (!error && now != file)
		notify_by_signal_end(file, files);
	return error;
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
		                                           O_CLOEXEC));
	case F_SETFL:
		return set_status(file, number, argument);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		return lock_control32(file, number, command, (void *)argument);
	case F_GETLK64:
	case F_SETLK64:
	case F_SETLKW64:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock_control64(file, number, command, (void *)argument);
	case F_GET_SEALS:
		return file_seals(file);
	case F_ADD_SEALS:
		return file_add_seals(file, argument);
	case F_SETOWN:
		return owner_name(file, (pid_t)argument);
	case F_GETOWN:
		return owner_named(file);
	case F_GETLEASE:
		return lease_type(file);
	case F_NOTIFY:
		return directory_notify(file, number, argument);
	case F_SETLEASE:
		return lease_set(file, number, process_current()->id, (int)argument);
	case F_GET_RW_HINT:
	case F_SET_RW_HINT:
		return hint_control(file->inode, command, (uint64_t *)argument);
	case F_GETPIPE_SZ:
		return pipe_size(file);
	case F_SETPIPE_SZ:
		return pipe_resize(file, argument);
	default:
		return owner_control(file, command, argument);
	}
}

/* Of one opened with O_PATH only the descriptor is there to be controlled (open(2)). */
static bool is_about_descriptor(int command)
{
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFD ||
	       command == F_SETFD || command == F_GETFL;
}

static int32_t sys_fcntl64(int number, int command, uintptr_t argument)
{
	struct file *file = is_about_descriptor(command) ? get_place(number) : get(number);
	if (!file)
		return -EBADF;
	int32_t result = file_control(file, number, command, argument);
	file_put(file);
	return result;
}

/* That of files which tell nobody anything has no such switch, but is as if it were off. */
static int async_ioctl(struct file *file, int number, const int *user_on)
{
	int on;
	int error = copy_from_user(&on, user_on, sizeof on);
	if (error || !on == !(file->flags & FASYNC))
		return error;
	return owner_set_async(file, number, on);
}

/* Of a socket, as F_SETOWN and F_GETOWN. */
static int socket_owner_ioctl(struct file *file, bool set, pid_t *user_who)
{
	pid_t who = owner_named(file);
	if (!set)
		return copy_to_user(user_who, &who, sizeof who);
	int error = copy_from_user(&who, user_who, sizeof who);
	return error ? error : owner_name(file, who);
}

/* What is not the file's own affair. */
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
	case FIOASYNC:
		*result = async_ioctl(file, number, (const int *)argument);
		return true;
	case FIOSETOWN:
	case SIOCSPGRP:
	case FIOGETOWN:
	case SIOCGPGRP:
		if (!S_ISSOCK(file->inode->mode))
			return false;
		*result = socket_owner_ioctl(file, command == FIOSETOWN || command == SIOCSPGRP,
		                             (pid_t *)argument);
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
	if (!file->inode->links)
		return -ENOENT; /* it was removed */
	r.buffer = kmalloc(PAGE_SIZE);
	if (!r.buffer)
		return -ENOMEM;
	mutex_lock(&file->lock);
	loff_t position = file->position;
	int error = file->ops->iterate(file, &position, emit_record, &r);
	notify_dentry(file->dentry, IN_ACCESS);
	if (!r.used && r.full)
		error = -EINVAL; /* not even one fits */
	else if (r.used)
		error = copy_to_user(user, r.buffer, r.used);
	if (error >= 0)
		file->position = position;
	mutex_unlock(&file->lock);
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

const struct system_call file_calls[] = {
	CALL(close, 1),
	CALL(close_range, 3),
	CALL(pipe2, 2),
	CALL(pipe, 1),
	CALL(memfd_create, 2),
	CALL(dup, 1),
	CALL(dup3, 3),
	CALL(dup2, 2),
	CALL(lseek, 3),
	CALL(_llseek, 5),
	CALL(fcntl64, 3),
	CALL_AS(fcntl, fcntl64, 3),
	CALL_RESTARTS(ioctl, 3),
	CALL(getdents, 3),
	CALL(getdents64, 3),
	CALL(ftruncate64, 3),
	CALL(ftruncate, 2),
	CALL(fsync, 1),
	CALL(fdatasync, 1),
	CALL(sync, 0),
	CALL(syncfs, 1),
	CALLS_END,
};
