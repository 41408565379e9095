/* SPDX-License-Identifier: MIT */
/* Names: directories, links, renaming, permissions and owners; where the process is. */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/path.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

/* ---- making and removing ---- */

static int32_t sys_mkdirat(int directory, const char *user_path, uint32_t mode)
{
	struct place place;
	int error = place_get(&place, directory, user_path, false);
	if (error)
		return error;
	error = vfs_mkdir(place.at, place.path, mode & 07777 & ~process_current()->places->umask);
	place_put(&place);
	return error;
}

static int32_t sys_mkdir(const char *user_path, uint32_t mode)
{
	return sys_mkdirat(AT_FDCWD, user_path, mode);
}

static int32_t sys_mknodat(int directory, const char *user_path, uint32_t mode, uint32_t device)
{
	struct place place;
	mode &= S_IFMT | 07777; /* the kinds of files are looked up by what stands there */
	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	int error = place_get(&place, directory, user_path, false);
	if (error)
		return error;
	error = vfs_mknod(place.at, place.path, mode & ~process_current()->places->umask, device);
	place_put(&place);
	return error;
}

static int32_t sys_mknod(const char *user_path, uint32_t mode, uint32_t device)
{
	return sys_mknodat(AT_FDCWD, user_path, mode, device);
}

static int32_t sys_unlinkat(int directory, const char *user_path, int flags)
{
	struct place place;
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	int error = place_get(&place, directory, user_path, false);
	if (error)
		return error;
	error = flags & AT_REMOVEDIR ? vfs_rmdir(place.at, place.path)
	                             : vfs_unlink(place.at, place.path);
	place_put(&place);
	return error;
}

static int32_t sys_unlink(const char *user_path)
{
	return sys_unlinkat(AT_FDCWD, user_path, 0);
}

static int32_t sys_rmdir(const char *user_path)
{
	return sys_unlinkat(AT_FDCWD, user_path, AT_REMOVEDIR);
}

static int32_t sys_symlinkat(const char *user_target, int directory, const char *user_path)
{
	struct place place;
	char *target;
	int error = path_from_user(user_target, &target);
	if (error)
		return error;
	error = place_get(&place, directory, user_path, false);
	if (!error) {
		error = vfs_symlink(place.at, place.path, target);
		place_put(&place);
	}
	kfree(target);
	return error;
}

static int32_t sys_symlink(const char *user_target, const char *user_path)
{
	return sys_symlinkat(user_target, AT_FDCWD, user_path);
}

static int32_t sys_linkat(int old_directory, const char *user_old, int directory,
                          const char *user_path, int flags)
{
	struct inode *inode;
	struct place place;
	int follow = flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!user_old)
		return -EFAULT;
	int error = place_inode(old_directory, user_old, follow | (flags & AT_EMPTY_PATH), &inode);
	if (error)
		return error;
	error = place_get(&place, directory, user_path, false);
	if (!error) {
		error = vfs_link(inode, place.at, place.path);
		place_put(&place);
	}
	inode_put(inode);
	return error;
}

static int32_t sys_link(const char *user_old, const char *user_path)
{
	return sys_linkat(AT_FDCWD, user_old, AT_FDCWD, user_path, 0);
}

static int32_t sys_renameat2(int old_directory, const char *user_old, int directory,
                             const char *user_path, uint32_t flags)
{
	struct place old, place;
	if (flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	int error = place_get(&old, old_directory, user_old, false);
	if (error)
		return error;
	error = place_get(&place, directory, user_path, false);
	if (!error) {
		error = vfs_rename(old.at, old.path, place.at, place.path, flags);
		place_put(&place);
	}
	place_put(&old);
	return error;
}

static int32_t sys_renameat(int old_directory, const char *user_old, int directory,
                            const char *user_path)
{
	return sys_renameat2(old_directory, user_old, directory, user_path, 0);
}

static int32_t sys_rename(const char *user_old, const char *user_path)
{
	return sys_renameat2(AT_FDCWD, user_old, AT_FDCWD, user_path, 0);
}

/* ---- reading names ---- */

/* An empty path is the link that the descriptor names itself (open(2), O_PATH). */
static int32_t sys_readlinkat(int directory, const char *user_path, char *user_to, int size)
{
	struct dentry *link;
	char first;
	if (size <= 0)
		return -EINVAL;
	if (copy_from_user(&first, user_path, 1))
		return -EFAULT;
	int result = place_lookup(directory, user_path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &link);
	if (result)
		return result;
	if (!first && !S_ISLNK(dentry_inode(link)->mode)) {
		dentry_put(link);
		return -ENOENT;
	}
	char *to = kmalloc(PATH_SIZE);
	result = to ? vfs_readlink(link, to, PATH_SIZE) : -ENOMEM;
	dentry_put(link);
	if (result > size)
		result = size;
	if (result > 0 && copy_to_user(user_to, to, (size_t)result))
		result = -EFAULT;
	kfree(to);
	return result;
}

static int32_t sys_readlink(const char *user_path, char *user_to, int size)
{
	return sys_readlinkat(AT_FDCWD, user_path, user_to, size);
}

static int32_t sys_getcwd(char *user_to, uint32_t size)
{
	char *path = kmalloc(PATH_SIZE);
	if (!path)
		return -ENOMEM;
	struct dentry *cwd = places_cwd(process_current()->places);
	int length = dentry_path(cwd, path, PATH_SIZE);
	dentry_put(cwd);
	int32_t result = length == -ERANGE ? -ENAMETOOLONG : length;
	if (length >= 0 && (uint32_t)length + 1 > size)
		result = -ERANGE;
	else if (length >= 0)
		result = copy_to_user(user_to, path, (size_t)length + 1) ? -EFAULT : length + 1;
	kfree(path);
	return result;
}

/* Takes over the reference. */
static int change_directory(struct dentry *dentry)
{
	struct process *self = process_current();
	const struct inode *inode = dentry_inode(dentry);
	int error = S_ISDIR(inode->mode) ? inode_access(inode, ACCESS_EXECUTE) : -ENOTDIR;
	if (error) {
		dentry_put(dentry);
		return error;
	}
	places_set_cwd(self->places, dentry);
	return 0;
}

static int32_t sys_chdir(const char *user_path)
{
	struct dentry *dentry;
	int error = place_lookup(AT_FDCWD, user_path, 0, &dentry);
	return error ? error : change_directory(dentry);
}

static int32_t sys_fchdir(int number)
{
	struct file *file = descriptor_place(process_current()->files, number);
	if (!file)
		return -EBADF;
	int error = file->dentry ? change_directory(dentry_get(file->dentry)) : -ENOTDIR;
	file_put(file);
	return error;
}

static int32_t sys_chroot(const char *user_path)
{
	struct dentry *dentry;
	int error = place_lookup(AT_FDCWD, user_path, 0, &dentry);
	if (error)
		return error;
	const struct inode *inode = dentry_inode(dentry);
	error = S_ISDIR(inode->mode) ? inode_access(inode, ACCESS_EXECUTE) : -ENOTDIR;
	if (!error)
		error = right_check(MAY_CHANGE_ROOT, NULL);
	if (error)
		dentry_put(dentry);
	else
		places_set_root(process_current()->places, dentry);
	return error;
}

static int32_t sys_umask(uint32_t mask)
{
	return (int32_t)__atomic_exchange_n(&process_current()->places->umask, mask & 0777,
	                                     __ATOMIC_RELAXED);
}

/* ---- what stands in the inode ---- */

static int change_mode(int directory, const char *user_path, int flags, uint32_t mode)
{
	struct inode *inode;
	int error = place_inode(directory, user_path, flags, &inode);
	if (error)
		return error;
	/* A symbolic link has no mode of its own. */
	error = S_ISLNK(inode->mode) ? -EOPNOTSUPP : inode_set_mode(inode, mode & 07777);
	inode_put(inode);
	return error;
}

static int32_t sys_fchmodat2(int directory, const char *user_path, uint32_t mode, int flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return user_path ? change_mode(directory, user_path, flags, mode) : -EFAULT;
}

static int32_t sys_fchmodat(int directory, const char *user_path, uint32_t mode)
{
	return sys_fchmodat2(directory, user_path, mode, 0);
}

static int32_t sys_chmod(const char *user_path, uint32_t mode)
{
	return sys_fchmodat(AT_FDCWD, user_path, mode);
}

static int32_t sys_fchmod(int number, uint32_t mode)
{
	return change_mode(number, NULL, 0, mode);
}

static int change_owner(int directory, const char *user_path, int flags, uint32_t uid,
                        uint32_t gid)
{
	struct inode *inode;
	int error = place_inode(directory, user_path, flags, &inode);
	if (error)
		return error;
	error = inode_set_owner(inode, uid, gid);
	inode_put(inode);
	return error;
}

static int32_t sys_fchownat(int directory, const char *user_path, uint32_t uid, uint32_t gid,
                            int flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return user_path ? change_owner(directory, user_path, flags, uid, gid) : -EFAULT;
}

static int32_t sys_chown32(const char *user_path, uint32_t uid, uint32_t gid)
{
	return sys_fchownat(AT_FDCWD, user_path, uid, gid, 0);
}

static int32_t sys_lchown32(const char *user_path, uint32_t uid, uint32_t gid)
{
	return sys_fchownat(AT_FDCWD, user_path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

static int32_t sys_fchown32(int number, uint32_t uid, uint32_t gid)
{
	return change_owner(number, NULL, 0, uid, gid);
}

static uint32_t wide_id(uint32_t id)
{
	return (id & 0xffff) == 0xffff ? ID_UNCHANGED : id & 0xffff;
}

static int32_t sys_chown(const char *user_path, uint32_t uid, uint32_t gid)
{
	return sys_chown32(user_path, wide_id(uid), wide_id(gid));
}

static int32_t sys_lchown(const char *user_path, uint32_t uid, uint32_t gid)
{
	return sys_lchown32(user_path, wide_id(uid), wide_id(gid));
}

static int32_t sys_fchown(int number, uint32_t uid, uint32_t gid)
{
	return sys_fchown32(number, wide_id(uid), wide_id(gid));
}

static int32_t sys_truncate64(const char *user_path, int64_t size)
{
	struct inode *inode;
	if (size < 0)
		return -EINVAL;
	if (!user_path)
		return -EFAULT;
	int error = place_inode(AT_FDCWD, user_path, 0, &inode);
	if (error)
		return error;
	error = S_ISDIR(inode->mode)   ? -EISDIR
	      : !S_ISREG(inode->mode) ? -EINVAL
	                              : inode_access(inode, ACCESS_WRITE);
	if (!error)
		error = inode_truncate_unleased(inode, (uint64_t)size);
	inode_put(inode);
	return error;
}

static int32_t sys_truncate(const char *user_path, int32_t size)
{
	return sys_truncate64(user_path, size);
}

/* ---- access ---- */

static int access_file(int directory, const char *user_path, uint32_t mode, int flags)
{
	struct inode *inode;
	int error = place_inode(directory, user_path, flags, &inode);
	if (error)
		return error;
	error = inode_access(inode, mode);
	inode_put(inode);
	return error;
}

/* The way to the file is gone with the same rights as the file is asked for. */
static int32_t sys_faccessat2(int directory, const char *user_path, uint32_t mode, int flags)
{
	struct process *self = process_current();
	if (mode & ~(ACCESS_READ | ACCESS_WRITE | ACCESS_EXECUTE) ||
	    flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!user_path)
		return -EFAULT;
	if (flags & AT_EACCESS)
		return access_file(directory, user_path, mode, flags);
	struct credentials *real = kmalloc(sizeof *real);
	if (!real)
		return -ENOMEM;
	*real = self->credentials;
	credentials_use_real(real);
	task_current()->acting = real;
	int error = access_file(directory, user_path, mode, flags);
	task_current()->acting = NULL;
	kfree(real);
	return error;
}

static int32_t sys_faccessat(int directory, const char *user_path, uint32_t mode)
{
	return sys_faccessat2(directory, user_path, mode, 0);
}

static int32_t sys_access(const char *user_path, uint32_t mode)
{
	return sys_faccessat2(AT_FDCWD, user_path, mode, 0);
}

const struct system_call path_calls[] = {
	CALL(mkdirat, 3),
	CALL(mkdir, 2),
	CALL(mknodat, 4),
	CALL(mknod, 3),
	CALL(unlinkat, 3),
	CALL(unlink, 1),
	CALL(rmdir, 1),
	CALL(symlinkat, 3),
	CALL(symlink, 2),
	CALL(linkat, 5),
	CALL(link, 2),
	CALL(renameat2, 5),
	CALL(renameat, 4),
	CALL(rename, 2),
	CALL(readlinkat, 4),
	CALL(readlink, 3),
	CALL(getcwd, 2),
	CALL(chdir, 1),
	CALL(fchdir, 1),
	CALL(chroot, 1),
	CALL(umask, 1),
	CALL(fchmodat2, 4),
	CALL(fchmodat, 3),
	CALL(chmod, 2),
	CALL(fchmod, 2),
	CALL(fchownat, 5),
	CALL(chown32, 3),
	CALL(lchown32, 3),
	CALL(fchown32, 3),
	CALL(chown, 3),
	CALL(lchown, 3),
	CALL(fchown, 3),
	CALL_RESTARTS(truncate64, 3),
	CALL_RESTARTS(truncate, 2),
	CALL(faccessat2, 4),
	CALL(faccessat, 3),
	CALL(access, 2),
	CALLS_END,
};
