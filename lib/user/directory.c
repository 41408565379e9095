/* SPDX-License-Identifier: MIT */
/* Directories: a buffer of entries, refilled by getdents64. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct __directory {
	int fd;
	size_t at, end; /* of the entries not yet given, in the buffer */
	off_t place;    /* after the entry given last */
	char buffer[4096] __attribute__((aligned(8)));
};

ssize_t getdents64(int fd, void *entries, size_t size)
{
	return syscall(SYS_getdents64, fd, entries, size);
}

DIR *fdopendir(int fd)
{
	struct stat status;
	DIR *directory;

	if (fstat(fd, &status) < 0)
		return NULL;
	if (!S_ISDIR(status.st_mode)) {
		errno = ENOTDIR;
		return NULL;
	}
	directory = malloc(sizeof(*directory));
	if (!directory)
		return NULL;
	directory->fd = fd;
	directory->at = directory->end = 0;
	directory->place = 0;
	return directory;
}

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory;

	if (fd < 0)
		return NULL;
	directory = fdopendir(fd);
	if (!directory)
		close(fd);
	return directory;
}

struct dirent *readdir(DIR *directory)
{
	struct dirent *entry;
	ssize_t got;

	if (directory->at == directory->end) {
		got = getdents64(directory->fd, directory->buffer, sizeof(directory->buffer));
		if (got <= 0)
			return NULL;
		directory->at = 0;
		directory->end = (size_t)got;
	}
	entry = (struct dirent *)(directory->buffer + directory->at);
	directory->at += entry->d_reclen;
	directory->place = entry->d_off;
	return entry;
}

void seekdir(DIR *directory, long place)
{
	lseek(directory->fd, place, SEEK_SET);
	directory->at = directory->end = 0;
	directory->place = place;
}

long telldir(DIR *directory)
{
	return (long)directory->place;
}

void rewinddir(DIR *directory)
{
	seekdir(directory, 0);
}

int dirfd(DIR *directory)
{
	return directory->fd;
}

int closedir(DIR *directory)
{
	int fd = directory->fd;

	free(directory);
	return close(fd);
}
