/* SPDX-License-Identifier: MIT */
/* stat(2), statx(2), statfs(2): each generation of the structures, all from stat64's. */
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

static int stat_descriptor(int number, struct stat64 *st)
{
	struct file *file = descriptor_file(process_current()->files, number);
	if (!file)
		return -EBADF;
	memset(st, 0, sizeof *st);
	inode_stat(file->inode, st);
	file_put(file);
	return 0;
}

static int stat_path(int directory, const char *user_path, int flags, struct stat64 *st)
{
	struct dentry *dentry;
	char first;

	/* A descriptor's own file may have no name at all: a pipe. */
	if (flags & AT_EMPTY_PATH && directory != AT_FDCWD) {
		if (user_path && copy_from_user(&first, user_path, 1))
			return -EFAULT;
		if (!user_path || !first)
			return stat_descriptor(directory, st);
	}
	int error = place_lookup(directory, user_path, flags, &dentry);
	if (error)
		return error;
	memset(st, 0, sizeof *st);
	inode_stat(dentry_inode(dentry), st);
	dentry_put(dentry);
	return 0;
}

/* ---- stat64 ---- */

static int32_t sys_fstatat64(int directory, const char *user_path, struct stat64 *user_stat,
                             int flags)
{
	struct stat64 st;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	int error = stat_path(directory, user_path, flags, &st);
	return error ? error : copy_to_user(user_stat, &st, sizeof st);
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
	struct stat64 st;
	int error = stat_descriptor(number, &st);
	return error ? error : copy_to_user(user_stat, &st, sizeof st);
}

/* ---- the two before it ---- */

static int new_stat_to_user(const struct stat64 *st, struct stat *user_stat)
{
	struct stat narrow = {
		.st_dev = (unsigned long)st->st_dev,
		.st_ino = (unsigned long)st->st_ino,
		.st_mode = (unsigned short)st->st_mode,
		.st_nlink = (unsigned short)st->st_nlink,
		.st_uid = (unsigned short)st->st_uid,
		.st_gid = (unsigned short)st->st_gid,
		.st_rdev = (unsigned long)st->st_rdev,
		.st_size = (unsigned long)st->st_size,
		.st_blksize = st->st_blksize,
		.st_blocks = (unsigned long)st->st_blocks,
		.st_atime = (unsigned long)st->st_atime,
		.st_mtime = (unsigned long)st->st_mtime,
		.st_ctime = (unsigned long)st->st_ctime,
	};
	if (st->st_size > INT32_MAX)
		return -EOVERFLOW;
	return copy_to_user(user_stat, &narrow, sizeof narrow);
}

static int32_t sys_stat(const char *user_path, struct stat *user_stat)
{
	struct stat64 st;
	int error = stat_path(AT_FDCWD, user_path, 0, &st);
	return error ? error : new_stat_to_user(&st, user_stat);
}

static int32_t sys_lstat(const char *user_path, struct stat *user_stat)
{
	struct stat64 st;
	int error = stat_path(AT_FDCWD, user_path, AT_SYMLINK_NOFOLLOW, &st);
	return error ? error : new_stat_to_user(&st, user_stat);
}

static int32_t sys_fstat(int number, struct stat *user_stat)
{
	struct stat64 st;
	int error = stat_descriptor(number, &st);
	return error ? error : new_stat_to_user(&st, user_stat);
}

/* ---- statx ---- */

/* A device number of stat64 (struct stat64's encoding: 20 bits of minor around 12 of major)
 * in its two parts. */
static uint32_t major_of(uint64_t device)
{
	return device >> 8 & 0xfff;
}

static uint32_t minor_of(uint64_t device)
{
	return (device & 0xff) | (device >> 12 & 0xfff00);
}

static int32_t sys_statx(int directory, const char *user_path, int flags, uint32_t mask,
                         struct statx *user_statx)
{
	struct stat64 st;
	(void)mask; /* everything that there is, is told */
	int error = stat_path(directory, user_path, flags, &st);
	if (error)
		return error;
	struct statx x = {
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = st.st_blksize,
		.stx_nlink = st.st_nlink,
		.stx_uid = (uint32_t)st.st_uid,
		.stx_gid = (uint32_t)st.st_gid,
		.stx_mode = (uint16_t)st.st_mode,
		.stx_ino = st.st_ino,
		.stx_size = (uint64_t)st.st_size,
		.stx_blocks = st.st_blocks,
		.stx_atime.tv_sec = (int64_t)st.st_atime,
		.stx_mtime.tv_sec = (int64_t)st.st_mtime,
		.stx_ctime.tv_sec = (int64_t)st.st_ctime,
		.stx_rdev_major = major_of(st.st_rdev),
		.stx_rdev_minor = minor_of(st.st_rdev),
		.stx_dev_major = major_of(st.st_dev),
		.stx_dev_minor = minor_of(st.st_dev),
	};
	return copy_to_user(user_statx, &x, sizeof x);
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
	struct file *file = descriptor_file(process_current()->files, number);
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
	CALL(statfs, 2),
	CALL(fstatfs, 2),
	CALLS_END,
};
