/* SPDX-License-Identifier: MIT */
/* The host's own file system, asked the same as ours: paths are below a folder that
 * oracle_start chose. Each returns what it should, or -errno. Plain integers only, since
 * the host's headers and the kernel's cannot meet in one file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Makes the folder and in it an image by mke2fs with these options; its path. */
const char *oracle_start(const char *mke2fs_options);
/* Runs e2fsck -fn on the image. 0 if it is clean. */
int oracle_fsck(void);
/* Reads the image by debugfs, and compares all that is in it with the folder, but for
 * fifos, which are removed. 0 if it is the same. */
int oracle_compare(void);
void oracle_end(void);

int oracle_write(const char *path, bool create, bool append, int64_t position, const void *from,
                 int n);
int oracle_read(const char *path, int64_t position, void *to, int n);
int oracle_allocate(const char *path, int mode, int64_t position, int64_t n);
int oracle_truncate(const char *path, int64_t size);
int oracle_mkdir(const char *path);
int oracle_rmdir(const char *path);
int oracle_unlink(const char *path);
int oracle_link(const char *from, const char *to);
int oracle_symlink(const char *target, const char *path);
int oracle_rename(const char *from, const char *to, unsigned flags);
int oracle_mkfifo(const char *path);

struct oracle_stat {
	uint32_t mode, links;
	int64_t size; /* of files and links */
};
int oracle_stat(const char *path, struct oracle_stat *);
/* Of a directory: how many names, and the sum of their hashes. */
int oracle_list(const char *path, uint32_t *names, uint32_t *sum);
uint32_t oracle_hash(const char *name, int length);
int oracle_readlink(const char *path, char *to, int size);

/* The image as a disk. */
void image_transfer(bool write, uint64_t position, void *data, uint32_t n);
uint32_t image_sectors(void);
