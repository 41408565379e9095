/* SPDX-License-Identifier: MIT */
/* Names: directories, links, renaming, permissions, owners and times; where the process is. */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <linux/utime.h>

#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/path.h"
#include "userprog/process.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

/* ---- making and removing ---- */

static int32_t sys_mkdirat(int directory, const char *user_path, uint32_t mode)
{
	struct place place;
	int error = place_get(&place, directory, user_path, false);
	if (error)
		return error;
	error = vfs_mkdir(place.at, place.path, mode & 07777 & ~process_current()->umask);
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
	if (S_ISDIR(mode))
		return -EPERM;
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	int error = place_get(&place, directory, user_path, false);
	if (error)
		return error;
	error = vfs_mknod(place.at, place.path, mode & ~process_current()->umask, device);
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

/* What link and rename do with two places. */
typedef int two_places(struct dentry *, const char *, struct dentry *, const char *);

static int on_two_places(two_places *action, int old_directory, const char *user_old,
                         int directory, const char *user_path)
{
	struct place old, place;
	int error = place_get(&old, old_directory, user_old, false);
	if (error)
		return error;
	error = place_get(&place, directory, user_path, false);
	if (!error) {
		error = action(old.at, old.path, place.at, place.path);
		place_put(&place);
	}
	place_put(&old);
	return error;
}

static int32_t sys_linkat(int old_directory, const char *user_old, int directory,
                          const char *user_path, int flags)
{
	if (flags & ~AT_SYMLINK_FOLLOW)
		return -EINVAL;
	return on_two_places(vfs_link, old_directory, user_old, directory, user_path);
}

static int32_t sys_link(const char *user_old, const char *user_path)
{
	return sys_linkat(AT_FDCWD, user_old, AT_FDCWD, user_path, 0);
}

/* Only for RENAME_NOREPLACE, whose look and deed are two steps here. */
static bool exists(int directory, const char *user_path)
{
	struct dentry *found;
	if (place_lookup(directory, user_path, AT_SYMLINK_NOFOLLOW, &found))
		return false;
	dentry_put(found);
	return true;
}

static int32_t sys_renameat2(int old_directory, const char *user_old, int directory,
                             const char *user_path, uint32_t flags)
{
	if (flags & ~(uint32_t)RENAME_NOREPLACE)
		return -EINVAL;
	if (flags && exists(directory, user_path))
		return -EEXIST;
	return on_two_places(vfs_rename, old_directory, user_old, directory, user_path);
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

static int32_t sys_readlinkat(int directory, const char *user_path, char *user_to, int size)
{
	struct dentry *link;
	if (size <= 0)
		return -EINVAL;
	int result = place_lookup(directory, user_path, AT_SYMLINK_NOFOLLOW, &link);
	if (result)
		return result;
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
	int length = dentry_path(process_current()->cwd, path, PATH_SIZE);
	int32_t result = length;
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
	process_set_cwd(self, dentry);
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
	struct file *file = descriptor_file(process_current()->files, number);
	if (!file)
		return -EBADF;
	int error = file->dentry ? change_directory(dentry_get(file->dentry)) : -ENOTDIR;
	file_put(file);
	return error;
}

static int32_t sys_umask(uint32_t mask)
{
	struct process *self = process_current();
	uint32_t old = self->umask;
	self->umask = mask & 0777;
	return (int32_t)old;
}

/* ---- what stands in the inode ---- */

/* The inode that (directory, path, AT_ flags) or, with a NULL path, the descriptor names,
 * with a reference. */
static int find_inode(int directory, const char *user_path, int flags, struct inode **inode)
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

static bool is_owner(const struct inode *inode)
{
	uint32_t euid = process_current()->credentials.euid;
	return euid == 0 || euid == inode->uid;
}

static int change_mode(int directory, const char *user_path, uint32_t mode)
{
	struct inode *inode;
	int error = find_inode(directory, user_path, 0, &inode);
	if (error)
		return error;
	error = is_owner(inode) ? inode_set_mode(inode, (inode->mode & S_IFMT) | (mode & 07777))
	                        : -EPERM;
	inode_put(inode);
	return error;
}

static int32_t sys_fchmodat(int directory, const char *user_path, uint32_t mode)
{
	return user_path ? change_mode(directory, user_path, mode) : -EFAULT;
}

static int32_t sys_chmod(const char *user_path, uint32_t mode)
{
	return sys_fchmodat(AT_FDCWD, user_path, mode);
}

static int32_t sys_fchmod(int number, uint32_t mode)
{
	return change_mode(number, NULL, mode);
}

#define ID_UNCHANGED UINT32_MAX

static int change_owner(int directory, const char *user_path, int flags, uint32_t uid,
                        uint32_t gid)
{
	struct inode *inode;
	int error = find_inode(directory, user_path, flags, &inode);
	if (error)
		return error;
	if (uid == ID_UNCHANGED)
		uid = inode->uid;
	if (gid == ID_UNCHANGED)
		gid = inode->gid;
	bool allowed = process_current()->credentials.euid == 0 ||
	               (is_owner(inode) && uid == inode->uid);
	error = allowed ? inode_set_owner(inode, uid, gid) : -EPERM;
	inode_put(inode);
	return error;
}

static int32_t sys_fchownat(int directory, const char *user_path, uint32_t uid, uint32_t gid,
                            int flags)
{
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
	int error = find_inode(AT_FDCWD, user_path, 0, &inode);
	if (error)
		return error;
	error = S_ISDIR(inode->mode)   ? -EISDIR
	      : !S_ISREG(inode->mode) ? -EINVAL
	                              : inode_access(inode, ACCESS_WRITE);
	if (!error)
		error = inode_truncate(inode, (uint64_t)size);
	inode_put(inode);
	return error;
}

static int32_t sys_truncate(const char *user_path, int32_t size)
{
	return sys_truncate64(user_path, size);
}

/* ---- times ---- */

#define TIME_UNCHANGED UINT32_MAX

static uint32_t seconds_now(void)
{
	return (uint32_t)(clock_realtime() / NS_PER_SECOND);
}

/* `now`: both to the present, which whoever may write to the file may do as well. */
static int change_times(int directory, const char *user_path, int flags, uint32_t atime,
                        uint32_t mtime, bool now)
{
	struct inode *inode;
	int error = find_inode(directory, user_path, flags, &inode);
	if (error)
		return error;
	if (!is_owner(inode))
		error = now ? inode_access(inode, ACCESS_WRITE) : -EPERM;
	if (!error)
		error = inode_set_times(inode, atime, mtime);
	inode_put(inode);
	return error;
}

static int touch(int directory, const char *user_path, int flags)
{
	uint32_t now = seconds_now();
	return change_times(directory, user_path, flags, now, now, true);
}

/* utimensat(2): the nanoseconds may say "now" or "leave it". The uapi headers lack these. */
#define UTIME_NOW ((1 << 30) - 1)
#define UTIME_OMIT ((1 << 30) - 2)

static uint32_t chosen_time(int64_t seconds, int64_t nanoseconds)
{
	return nanoseconds == UTIME_NOW  ? seconds_now()
	     : nanoseconds == UTIME_OMIT ? TIME_UNCHANGED : (uint32_t)seconds;
}

static int32_t sys_utimensat(int directory, const char *user_path,
                             const struct __kernel_old_timespec *user_times, int flags)
{
	struct __kernel_old_timespec t[2];
	if (!user_times)
		return touch(directory, user_path, flags);
	if (copy_from_user(t, user_times, sizeof t))
		return -EFAULT;
	return change_times(directory, user_path, flags, chosen_time(t[0].tv_sec, t[0].tv_nsec),
	                    chosen_time(t[1].tv_sec, t[1].tv_nsec), false);
}

static int32_t sys_utimensat_time64(int directory, const char *user_path,
                                    const struct __kernel_timespec *user_times, int flags)
{
	struct __kernel_timespec t[2];
	if (!user_times)
		return touch(directory, user_path, flags);
	if (copy_from_user(t, user_times, sizeof t))
		return -EFAULT;
	return change_times(directory, user_path, flags,
	                    chosen_time(t[0].tv_sec, (int32_t)t[0].tv_nsec),
	                    chosen_time(t[1].tv_sec, (int32_t)t[1].tv_nsec), false);
}

static int32_t sys_futimesat(int directory, const char *user_path,
                             const struct __kernel_old_timeval *user_times)
{
	struct __kernel_old_timeval t[2];
	if (!user_times)
		return touch(directory, user_path, 0);
	if (copy_from_user(t, user_times, sizeof t))
		return -EFAULT;
	return change_times(directory, user_path, 0, (uint32_t)t[0].tv_sec,
	                    (uint32_t)t[1].tv_sec, false);
}

static int32_t sys_utimes(const char *user_path, const struct __kernel_old_timeval *user_times)
{
	return user_path ? sys_futimesat(AT_FDCWD, user_path, user_times) : -EFAULT;
}

static int32_t sys_utime(const char *user_path, const struct utimbuf *user_times)
{
	struct utimbuf t;
	if (!user_path)
		return -EFAULT;
	if (!user_times)
		return touch(AT_FDCWD, user_path, 0);
	if (copy_from_user(&t, user_times, sizeof t))
		return -EFAULT;
	return change_times(AT_FDCWD, user_path, 0, (uint32_t)t.actime, (uint32_t)t.modtime, false);
}

/* ---- access ---- */

static int32_t sys_faccessat2(int directory, const char *user_path, uint32_t mode, int flags)
{
	struct process *self = process_current();
	struct inode *inode;
	if (mode & ~(ACCESS_READ | ACCESS_WRITE | ACCESS_EXECUTE))
		return -EINVAL;
	if (!user_path)
		return -EFAULT;
	/* The way to the file is gone with the same rights as the file is asked for. */
	self->real_ids = !(flags & AT_EACCESS);
	int error = find_inode(directory, user_path, flags, &inode);
	if (!error) {
		error = inode_access(inode, mode);
		inode_put(inode);
	}
	self->real_ids = false;
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
	CALL(umask, 1),
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
	CALL(truncate64, 3),
	CALL(truncate, 2),
	CALL(utimensat, 4),
	CALL(utimensat_time64, 4),
	CALL(futimesat, 3),
	CALL(utimes, 2),
	CALL(utime, 2),
	CALL(faccessat2, 4),
	CALL(faccessat, 3),
	CALL(access, 2),
	CALLS_END,
};
