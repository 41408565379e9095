/* SPDX-License-Identifier: MIT */
/* File attributes: the 64-bit calls of i386. */
#pragma once

#include <linux/stat.h>
#include <linux/time.h>
#include <sys/types.h>

/* Has the layout of the uapi's struct stat64, with times as POSIX has them. */
struct stat {
	dev_t st_dev;
	unsigned char __pad0[4];
	unsigned long __st_ino;
	mode_t st_mode;
	nlink_t st_nlink;
	uid_t st_uid;
	gid_t st_gid;
	dev_t st_rdev;
	unsigned char __pad3[4];
	off_t st_size;
	blksize_t st_blksize;
	blkcnt_t st_blocks; /* of 512 bytes */
	struct timespec st_atim, st_mtim, st_ctim;
	ino_t st_ino;
};

#define st_atime st_atim.tv_sec
#define st_mtime st_mtim.tv_sec
#define st_ctime st_ctim.tv_sec

#define UTIME_NOW  ((1L << 30) - 1)
#define UTIME_OMIT ((1L << 30) - 2)

int stat(const char *path, struct stat *);
int fstat(int fd, struct stat *);
int lstat(const char *path, struct stat *);
int fstatat(int directory, const char *path, struct stat *, int flags);
int chmod(const char *path, mode_t);
int fchmod(int fd, mode_t);
mode_t umask(mode_t);
int mkdir(const char *path, mode_t);
int mkdirat(int directory, const char *path, mode_t);
int mkfifo(const char *path, mode_t);
int mknod(const char *path, mode_t, dev_t);
int utimensat(int directory, const char *path, const struct timespec times[2], int flags);
int futimens(int fd, const struct timespec times[2]);

#define stat64  stat
#define fstat64 fstat
#define lstat64 lstat
