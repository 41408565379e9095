/* SPDX-License-Identifier: MIT */
/* Paths from programs (path.h). */
#include "userprog/path.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "vm/usercopy.h"

static int copy_path(const char *user_path, char **path)
{
	*path = kmalloc(PATH_SIZE);
	if (!*path)
		return -ENOMEM;
	ssize_t n = copy_string_from_user(*path, user_path, PATH_SIZE);
	if (n >= 0)
		return 0;
	kfree(*path);
	return (int)n;
}

int path_from_user(const char *user_path, char **path)
{
	int error = copy_path(user_path, path);
	if (error || **path)
		return error;
	kfree(*path);
	return -ENOENT;
}

static int directory_of(int descriptor, const char *path, struct dentry **at)
{
	struct process *self = process_current();
	if (path[0] == '/' || descriptor == AT_FDCWD) {
		*at = dentry_get(self->cwd);
		return 0;
	}
	struct file *file = descriptor_file(self->files, descriptor);
	if (!file)
		return -EBADF;
	int error = -ENOTDIR;
	if (file->dentry && (!path[0] || S_ISDIR(file->inode->mode))) {
		*at = dentry_get(file->dentry);
		error = 0;
	}
	file_put(file);
	return error;
}

int place_get(struct place *place, int directory, const char *user_path, bool may_be_empty)
{
	int error = may_be_empty ? copy_path(user_path, &place->path)
	                         : path_from_user(user_path, &place->path);
	if (error)
		return error;
	error = directory_of(directory, place->path, &place->at);
	if (error)
		kfree(place->path);
	return error;
}

void place_put(struct place *place)
{
	dentry_put(place->at);
	kfree(place->path);
}

int place_lookup(int directory, const char *user_path, int flags, struct dentry **found)
{
	struct place place;
	int error = place_get(&place, directory, user_path, flags & AT_EMPTY_PATH);
	if (error)
		return error;
	if (place.path[0])
		error = vfs_lookup(place.at, place.path, !(flags & AT_SYMLINK_NOFOLLOW), found);
	else
		*found = dentry_get(place.at);
	place_put(&place);
	return error;
}

int path_may_truncate(const struct inode *inode)
{
	if (S_ISDIR(inode->mode))
		return -EISDIR;
	return S_ISREG(inode->mode) && inode->ops->truncate ? 0 : -EINVAL;
}
