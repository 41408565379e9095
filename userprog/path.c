/* SPDX-License-Identifier: MIT */
/* Paths from programs (path.h). */
#include "userprog/path.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "userprog/descriptor.h"
#include "userprog/places.h"
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

/* `may_be_file`: whatever the descriptor names, if it has a name. */
static int descriptor_dentry(int descriptor, bool may_be_file, struct dentry **at)
{
	struct process *self = process_current();
	if (descriptor == AT_FDCWD) {
		*at = places_cwd(self->places);
		return 0;
	}
	struct file *file = descriptor_place(self->files, descriptor);
	if (!file)
		return -EBADF;
	int error = -ENOTDIR;
	if (file->dentry && (may_be_file || S_ISDIR(file->inode->mode))) {
		*at = dentry_get(file->dentry);
		error = 0;
	}
	file_put(file);
	return error;
}

int place_directory(int descriptor, struct dentry **at)
{
	return descriptor_dentry(descriptor, false, at);
}

/* Where the path starts, if it does not start at the root. */
static int directory_of(int descriptor, const char *path, struct dentry **at)
{
	return descriptor_dentry(path[0] == '/' ? AT_FDCWD : descriptor, !path[0], at);
}

static int copy_place_path(struct place *place, const char *user_path)
{
	ssize_t n = copy_string_from_user(place->most, user_path, sizeof place->most);
	place->path = place->most;
	if (n >= 0)
		return 0;
	return n == -ENAMETOOLONG ? copy_path(user_path, &place->path) : (int)n;
}

static void free_place_path(struct place *place)
{
	if (place->path != place->most)
		kfree(place->path);
}

int place_get(struct place *place, int directory, const char *user_path, bool may_be_empty)
{
	int error = copy_place_path(place, user_path);
	if (!error && !may_be_empty && !place->path[0])
		error = -ENOENT;
	if (error)
		return error;
	error = directory_of(directory, place->path, &place->at);
	if (error)
		free_place_path(place);
	return error;
}

void place_put(struct place *place)
{
	dentry_put(place->at);
	free_place_path(place);
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

int place_inode(int directory, const char *user_path, int flags, struct inode **inode)
{
	struct dentry *dentry;
	if (!user_path) {
		struct file *file = descriptor_file(process_current()->files, directory);
		if (!file)
			return -EBADF;
		*inode = file->inode ? inode_get(file->inode) : NULL;
		file_put(file);
		return *inode ? 0 : -EINVAL;
	}
	int error = place_lookup(directory, user_path, flags, &dentry);
	if (error)
		return error;
	*inode = inode_get(dentry_inode(dentry));
	dentry_put(dentry);
	return 0;
}

int path_may_truncate(const struct inode *inode)
{
	if (S_ISDIR(inode->mode))
		return -EISDIR;
	return S_ISREG(inode->mode) && inode->ops->truncate ? 0 : -EINVAL;
}
