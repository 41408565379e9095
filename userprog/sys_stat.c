/* SPDX-License-Identifier: MIT */
/* stat(2), statx(2), statfs(2): each generation of the structures, from the newest. */
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "kernel/fs/vfs.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/path.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"

static int stat_descriptor(int number, struct statx *x)
{
	struct file *file = descriptor_place(process_current()->files, number);
	if (!file)
		return -EBADF;
	inode_stat(file->inode, x);
	file_put(file);
	return 0;
}

static int stat_path(int directory, const char *user_path, int flags, struct statx *x)
{
	struct dentry *dentry;
	char first;

	/* A descriptor's own file may have no name at all: a pipe. */
	if (flags & AT_EMPTY_PATH && directory != AT_FDCWD) {
		if (user_path && copy_from_user(&first, user_path, 1))
			return -EFAULT;
		if (!user_path || !first)
			return stat_descriptor(directory, x);
	}
	int error = place_lookup(directory, user_path, flags, &dentry);
	if (error)
		return error;
	inode_stat(dentry_inode(dentry), x);
	dentry_put(dentry);
	return 0;
}

/* ---- stat64 ---- */

/* A device number as stat64 has it: 20 bits of minor around 12 of major. */
static uint32_t device_number(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffu) << 12;
}

/* Times lose what 32 bits cannot hold, as on Linux. */
static int stat64_to_user(const struct statx *x, struct stat64 *user_stat)
{
	struct stat64 st;
	memset(&st, 0, sizeof st);
	st.st_dev = device_number(x->stx_dev_major, x->stx_dev_minor);
	st.__st_ino = (unsigned long)x->stx_ino;
	st.st_ino = x->stx_ino;
	st.st_mode = x->stx_mode;
	st.st_nlink = x->stx_nlink;
	st.st_uid = x->stx_uid;
	st.st_gid = x->stx_gid;
	st.st_rdev = device_number(x->stx_rdev_major, x->stx_rdev_minor);
	st.st_size = (long long)x->stx_size;
	st.st_blksize = x->stx_blksize;
	st.st_blocks = x->stx_blocks;
	st.st_atime = (unsigned long)x->stx_atime.tv_sec;
	st.st_atime_nsec = x->stx_atime.tv_nsec;
	st.st_mtime = (unsigned long)x->stx_mtime.tv_sec;
	st.st_mtime_nsec = x->stx_mtime.tv_nsec;
	st.st_ctime = (unsigned long)x->stx_ctime.tv_sec;
	st.st_ctime_nsec = x->stx_ctime.tv_nsec;
	return copy_to_user(user_stat, &st, sizeof st);
}

static int32_t sys_fstatat64(int directory, const char *user_path, struct stat64 *user_stat,
                             int flags)
{
	struct statx x;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	int error = stat_path(directory, user_path, flags, &x);
	return error ? error : stat64_to_user(&x, user_stat);
}

static int32_t sys_stat64(const char *user_path, struct stat64 *user_stat)
{
	return sys_fstatat64(AT_FDCWD, user_path, user_stat, 0);
}

static int32_t sys_lstat64(const char *user_path, struct stat64 *user_stat)
{
	return sys_fstatat64(AT_FDCWD, user_path, user_stat, AT_SYMLINK_NOFOLLOW);
}

static int32_t sys_fstat64(int number, struct stat64 *user_stat)
{
	struct statx x;
	int error = stat_descriptor(number, &x);
	return error ? error : stat64_to_user(&x, user_stat);
}

/* ---- the two before it ---- */

static int stat_to_user(const struct statx *x, struct stat *user_stat)
{
	struct stat narrow = {
		.st_dev = device_number(x->stx_dev_major, x->stx_dev_minor),
		.st_ino = (unsigned long)x->stx_ino,
		.st_mode = x->stx_mode,
		.st_nlink = (unsigned short)x->stx_nlink,
		.st_uid = (unsigned short)x->stx_uid,
		.st_gid = (unsigned short)x->stx_gid,
		.st_rdev = device_number(x->stx_rdev_major, x->stx_rdev_minor),
		.st_size = (unsigned long)x->stx_size,
		.st_blksize = x->stx_blksize,
		.st_blocks = (unsigned long)x->stx_blocks,
		.st_atime = (unsigned long)x->stx_atime.tv_sec,
		.st_atime_nsec = x->stx_atime.tv_nsec,
		.st_mtime = (unsigned long)x->stx_mtime.tv_sec,
		.st_mtime_nsec = x->stx_mtime.tv_nsec,
		.st_ctime = (unsigned long)x->stx_ctime.tv_sec,
		.st_ctime_nsec = x->stx_ctime.tv_nsec,
	};
	if (x->stx_size > INT32_MAX)
		return -EOVERFLOW;
	return copy_to_user(user_stat, &narrow, sizeof narrow);
}

static int32_t sys_stat(const char *user_path, struct stat *user_stat)
{
	struct statx x;
	int error = stat_path(AT_FDCWD, user_path, 0, &x);
	return error ? error : stat_to_user(&x, user_stat);
}

static int32_t sys_lstat(const char *user_path, struct stat *user_stat)
{
	struct statx x;
	int error = stat_path(AT_FDCWD, user_path, AT_SYMLINK_NOFOLLOW, &x);
	return error ? error : stat_to_user(&x, user_stat);
}

static int32_t sys_fstat(int number, struct stat *user_stat)
{
	struct statx x;
	int error = stat_descriptor(number, &x);
	return error ? error : stat_to_user(&x, user_stat);
}

/* ---- statx ---- */

/* Whatever is asked for, everything that there is, is told. */
static int32_t sys_statx(int directory, const char *user_path, int flags, uint32_t mask,
                         struct statx *user_statx)
{
	struct statx x;
	if (mask & STATX__RESERVED || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
	    flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	int error = stat_path(directory, user_path, flags, &x);
	return error ? error : copy_to_user(user_statx, &x, sizeof x);
}

/* ---- statfs ---- */

static int statfs_path(const char *user_path, struct statfs64 *sf)
{
	struct dentry *dentry;
	int error = place_lookup(AT_FDCWD, user_path, 0, &dentry);
	if (error)
		return error;
	memset(sf, 0, sizeof *sf);
	error = inode_statfs(dentry_inode(dentry), sf);
	dentry_put(dentry);
	return error;
}

static int statfs_descriptor(int number, struct statfs64 *sf)
{
	struct file *file = descriptor_place(process_current()->files, number);
	if (!file)
		return -EBADF;
	memset(sf, 0, sizeof *sf);
	int error = inode_statfs(file->inode, sf);
	file_put(file);
	return error;
}

static int32_t sys_statfs64(const char *user_path, size_t size, struct statfs64 *user_statfs)
{
	struct statfs64 sf;
	if (size != sizeof sf)
		return -EINVAL;
	int error = statfs_path(user_path, &sf);
	return error ? error : copy_to_user(user_statfs, &sf, sizeof sf);
}

static int32_t sys_fstatfs64(int number, size_t size, struct statfs64 *user_statfs)
{
	struct statfs64 sf;
	if (size != sizeof sf)
		return -EINVAL;
	int error = statfs_descriptor(number, &sf);
	return error ? error : copy_to_user(user_statfs, &sf, sizeof sf);
}

static int statfs_to_user(const struct statfs64 *sf, struct statfs *user_statfs)
{
	struct statfs narrow = {
		.f_type = sf->f_type,
		.f_bsize = sf->f_bsize,
		.f_blocks = (uint32_t)sf->f_blocks,
		.f_bfree = (uint32_t)sf->f_bfree,
		.f_bavail = (uint32_t)sf->f_bavail,
		.f_files = (uint32_t)sf->f_files,
		.f_ffree = (uint32_t)sf->f_ffree,
		.f_fsid = sf->f_fsid,
		.f_namelen = sf->f_namelen,
		.f_frsize = sf->f_frsize,
		.f_flags = sf->f_flags,
	};
	return copy_to_user(user_statfs, &narrow, sizeof narrow);
}

/* ustat(2), for which Linux has no header any more. */
struct ustat {
	int32_t free_blocks;
	uint32_t free_inodes;
	char name[6], pack[6]; /* always empty */
};

/* The oldest of them, by the number of the device. */
static int32_t sys_ustat(uint32_t device, struct ustat *user_ustat)
{
	struct statfs64 sf;
	int error = mount_statfs(device, &sf);
	if (error)
		return error;
	struct ustat narrow = {.free_blocks = (int32_t)sf.f_bfree,
	                       .free_inodes = (uint32_t)sf.f_ffree};
	return copy_to_user(user_ustat, &narrow, sizeof narrow);
}

static int32_t sys_statfs(const char *user_path, struct statfs *user_statfs)
{
	struct statfs64 sf;
	int error = statfs_path(user_path, &sf);
	return error ? error : statfs_to_user(&sf, user_statfs);
}

static int32_t sys_fstatfs(int number, struct statfs *user_statfs)
{
	struct statfs64 sf;
	int error = statfs_descriptor(number, &sf);
	return error ? error : statfs_to_user(&sf, user_statfs);
}

const struct system_call stat_calls[] = {
	CALL(fstatat64, 4),
	CALL(stat64, 2),
	CALL(lstat64, 2),
	CALL(fstat64, 2),
	CALL(stat, 2),
	CALL(lstat, 2),
	CALL(fstat, 2),
	CALL(statx, 5),
	CALL(statfs64, 3),
	CALL(fstatfs64, 3),
	CALL(ustat, 2),
	CALL(statfs, 2),
	CALL(fstatfs, 2),
	CALLS_END,
};
