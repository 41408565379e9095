/* SPDX-License-Identifier: MIT */
/* Opening files. off_t has 64 bits, so every file is opened with O_LARGEFILE. */
#pragma once

#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <sys/types.h>

#define O_ASYNC FASYNC /* the name that fcntl(2) has for it */

int open(const char *path, int flags, ...);
int openat(int directory, const char *path, int flags, ...);
int creat(const char *path, mode_t mode);
int fcntl(int fd, int command, ...);
int fallocate(int fd, int mode, off_t offset, off_t length);
int posix_fallocate(int fd, off_t offset, off_t length);
int posix_fadvise(int fd, off_t offset, off_t length, int advice);

#define POSIX_FADV_NORMAL     0
#define POSIX_FADV_RANDOM     1
#define POSIX_FADV_SEQUENTIAL 2
#define POSIX_FADV_WILLNEED   3
#define POSIX_FADV_DONTNEED   4
#define POSIX_FADV_NOREUSE    5
