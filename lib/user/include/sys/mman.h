/* SPDX-License-Identifier: MIT */
/* Memory mappings. Offsets have 64 bits and are multiples of the page size. */
#pragma once

#include <linux/memfd.h>
#include <linux/mman.h>
#include <sys/types.h>

#define MAP_FAILED ((void *)-1)
#define MAP_ANON   MAP_ANONYMOUS

#define POSIX_MADV_NORMAL     MADV_NORMAL
#define POSIX_MADV_RANDOM     MADV_RANDOM
#define POSIX_MADV_SEQUENTIAL MADV_SEQUENTIAL
#define POSIX_MADV_WILLNEED   MADV_WILLNEED

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
int munmap(void *address, size_t length);
int mprotect(void *address, size_t length, int protection);
void *mremap(void *address, size_t length, size_t new_length, int flags, ...);
int msync(void *address, size_t length, int flags);
int madvise(void *address, size_t length, int advice);
int mincore(void *address, size_t length, unsigned char *vector);
int mlock(const void *address, size_t length);
int munlock(const void *address, size_t length);
int mlockall(int flags);
int munlockall(void);
int memfd_create(const char *name, unsigned flags);
/* A name is one of a file in /dev/shm, which is a tmpfs. */
int shm_open(const char *name, int flags, mode_t mode);
int shm_unlink(const char *name);

#define mmap64 mmap
