/* SPDX-License-Identifier: MIT */
/* Directories, one entry at a time: readdir(3) over getdents64(2). */
#pragma once

#include <sys/types.h>

#define DT_UNKNOWN 0
#define DT_FIFO    1
#define DT_CHR     2
#define DT_DIR     4
#define DT_BLK     6
#define DT_REG     8
#define DT_LNK     10
#define DT_SOCK    12

/* As getdents64(2) gives it; d_name ends with a NUL and d_reclen covers the padding. */
struct dirent {
	ino_t d_ino;
	off_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[256];
};

typedef struct __directory DIR;

DIR *opendir(const char *path);
DIR *fdopendir(int fd);
/* The entry stays valid until the next call on the same directory. */
struct dirent *readdir(DIR *);
void rewinddir(DIR *);
long telldir(DIR *);
void seekdir(DIR *, long place);
int dirfd(DIR *);
int closedir(DIR *);
ssize_t getdents64(int fd, void *entries, size_t size);
