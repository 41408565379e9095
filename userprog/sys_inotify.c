/* SPDX-License-Identifier: MIT */
/* inotify_init(2), inotify_add_watch(2), inotify_rm_watch(2): the work is kernel/fs/notify.c's. */
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/stat.h>

#include "kernel/fs/notify.h"
#include "kernel/fs/vfs.h"
#include "userprog/descriptor.h"
#include "userprog/path.h"
#include "userprog/process.h"
#include "userprog/syscall.h"

#define MASK_KNOWN \
	(IN_ALL_EVENTS | TOLD_TO_ALL | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | \
	 IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR | IN_ONESHOT)
#define TOLD_TO_ALL (IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED)

static int32_t sys_inotify_init1(uint32_t flags)
{
	struct file *file;
	if (flags & ~(uint32_t)(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	int error = notify_open(O_RDONLY | (flags & IN_NONBLOCK), &file);
	return error ? error : descriptor_new(file, 0, flags & IN_CLOEXEC);
}

static int32_t sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

/* The open file, with a reference: -EBADF, -EINVAL. */
static int notifier_of(int number, struct file **file)
{
	*file = descriptor_file(process_current()->files, number);
	if (!*file)
		return -EBADF;
	if (file_is_notifier(*file))
		return 0;
	file_put(*file);
	return -EINVAL;
}

/* What the path names, with a reference; who watches must be able to read it. */
static int find(const char *user_path, uint32_t mask, struct dentry **found)
{
	struct place place;
	int error = place_get(&place, AT_FDCWD, user_path, false);
	if (error)
		return error;
	error = vfs_lookup(place.at, place.path, !(mask & IN_DONT_FOLLOW), found);
	place_put(&place);
	if (error)
		return error;
	struct inode *inode = dentry_inode(*found);
	error = mask & IN_ONLYDIR && !S_ISDIR(inode->mode) ? -ENOTDIR
	                                                   : inode_access(inode, ACCESS_READ);
	if (error)
		dentry_put(*found);
	return error;
}

static int32_t sys_inotify_add_watch(int number, const char *user_path, uint32_t mask)
{
	struct dentry *dentry;
	struct file *file;
	if (!(mask & MASK_KNOWN))
		return -EINVAL;
	int error = notifier_of(number, &file);
	if (error)
		return error;
	if (mask & IN_MASK_ADD && mask & IN_MASK_CREATE)
		error = -EINVAL;
	if (!error)
		error = find(user_path, mask, &dentry);
	if (!error) {
		error = notify_watch(file, dentry_inode(dentry), mask);
		dentry_put(dentry);
	}
	file_put(file);
	return error;
}

static int32_t sys_inotify_rm_watch(int number, int watch)
{
	struct file *file;
	int error = notifier_of(number, &file);
	if (error)
		return error;
	error = notify_unwatch(file, watch);
	file_put(file);
	return error;
}

const struct system_call inotify_calls[] = {
	CALL(inotify_init, 0),
	CALL(inotify_init1, 1),
	CALL(inotify_add_watch, 3),
	CALL(inotify_rm_watch, 2),
	CALLS_END,
};
