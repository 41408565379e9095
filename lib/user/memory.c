/* SPDX-License-Identifier: MIT */
/* Memory mappings and the program break, each function one system call. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_SHIFT 12 /* of the offset that mmap2 takes, whatever the page size */

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	off_t page = offset >> PAGE_SHIFT;

	if (offset & (PAGE_SIZE - 1) || page < 0 || page > (off_t)ULONG_MAX) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap2, address, length, protection, flags, fd,
	                       (unsigned long)page);
}

int munmap(void *address, size_t length)
{
	return syscall(SYS_munmap, address, length);
}

int mprotect(void *address, size_t length, int protection)
{
	return syscall(SYS_mprotect, address, length, protection);
}

void *mremap(void *address, size_t length, size_t new_length, int flags, ...)
{
	va_list arguments;
	void *new_address;

	va_start(arguments, flags);
	new_address = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
	va_end(arguments);
	return (void *)syscall(SYS_mremap, address, length, new_length, flags, new_address);
}

int msync(void *address, size_t length, int flags)
{
	return syscall(SYS_msync, address, length, flags);
}

int madvise(void *address, size_t length, int advice)
{
	return syscall(SYS_madvise, address, length, advice);
}

int mincore(void *address, size_t length, unsigned char *vector)
{
	return syscall(SYS_mincore, address, length, vector);
}

int mlock(const void *address, size_t length)
{
	return syscall(SYS_mlock, address, length);
}

int munlock(const void *address, size_t length)
{
	return syscall(SYS_munlock, address, length);
}

int mlockall(int flags)
{
	return syscall(SYS_mlockall, flags);
}

int munlockall(void)
{
	return syscall(SYS_munlockall);
}

int memfd_create(const char *name, unsigned flags)
{
	return syscall(SYS_memfd_create, name, flags);
}

/* A shared memory object's name is one component, with or without the leading slash. */
static int shm_path(char *path, size_t size, const char *name)
{
	while (*name == '/')
		name++;
	if (!*name || strchr(name, '/')) {
		errno = EINVAL;
		return -1;
	}
	if ((size_t)snprintf(path, size, "/dev/shm/%s", name) >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

int shm_open(const char *name, int flags, mode_t mode)
{
	char path[NAME_MAX + 16];

	if (shm_path(path, sizeof(path), name) < 0)
		return -1;
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

int shm_unlink(const char *name)
{
	char path[NAME_MAX + 16];

	if (shm_path(path, sizeof(path), name) < 0)
		return -1;
	return unlink(path);
}

/* The kernel's brk returns where the break is now, moved or not. */
int brk(void *end)
{
	if ((void *)syscall(SYS_brk, end) == end)
		return 0;
	errno = ENOMEM;
	return -1;
}

void *sbrk(intptr_t increment)
{
	char *now = (char *)syscall(SYS_brk, NULL);

	if (increment == 0)
		return now;
	/* Adding must not wrap round, or it would shrink what it should enlarge. */
	if (increment > 0 && (uintptr_t)now + (uintptr_t)increment < (uintptr_t)now) {
		errno = ENOMEM;
		return (void *)-1;
	}
	return brk(now + increment) == 0 ? now : (void *)-1;
}
