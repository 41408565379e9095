/* SPDX-License-Identifier: MIT */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include "tests/host/standin/oracle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The host's answers to what our file system is asked, and the image: see oracle.h. */
static char folder[] = "/tmp/pagoda-ext2-XXXXXX";
static char image[64], tree[64];
static int image_fd;

static void run(const char *command)
{
	if (system(command)) {
		fprintf(stderr, "failed: %s\n", command);
		exit(1);
	}
}

const char *oracle_start(const char *mke2fs_options)
{
	char command[512];

	if (!mkdtemp(folder))
		exit(1);
	snprintf(image, sizeof(image), "%s/image", folder);
	snprintf(tree, sizeof(tree), "%s/tree", folder);
	mkdir(tree, 0755);
	snprintf(command, sizeof(command),
	         "cd %s && mkdir -p tree/a/b tree/c && seq 20000 >tree/a/numbers && "
	         "ln -s a/numbers tree/link && PATH=$PATH:/usr/sbin:/sbin && "
	         "mke2fs -q -F -t ext2 -d tree %s",
	         folder, mke2fs_options);
	run(command);
	image_fd = open(image, O_RDWR);
	return folder;
}

int oracle_fsck(void)
{
	char command[256];

	snprintf(command, sizeof(command),
	         "PATH=$PATH:/usr/sbin:/sbin; "
	         "e2fsck -fn %s >%s/fsck 2>&1 || { cat %s/fsck; false; }",
	         image, folder, folder);
	return system(command);
}

int oracle_compare(void)
{
	char command[512];

	snprintf(command, sizeof(command),
	         "cd %s && find tree -type p -delete && mkdir out && PATH=$PATH:/usr/sbin:/sbin && "
	         "debugfs -R 'rdump / out' image >debugfs 2>&1; rmdir out/lost+found; "
	         "diff -r --no-dereference out tree >diff || { head diff debugfs; false; }",
	         folder);
	return system(command);
}

void oracle_end(void)
{
	char command[128];

	close(image_fd);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	run(command);
}

static const char *below(const char *path)
{
	static char buffers[2][8192];
	static int next;

	next = !next;
	snprintf(buffers[next], sizeof(buffers[next]), "%s/%s", tree, path);
	return buffers[next];
}

static int result(long value)
{
	return value < 0 ? -errno : value;
}

int oracle_write(const char *path, bool create, bool append, int64_t position, const void *from,
                 int n)
{
	int fd = open(below(path), O_WRONLY | O_NONBLOCK | (create ? O_CREAT : 0) |
	                           (append ? O_APPEND : 0), 0644);
	if (fd < 0)
		return -errno;
	int done = result(append ? write(fd, from, n) : pwrite(fd, from, n, position));
	close(fd);
	return done;
}

int oracle_read(const char *path, int64_t position, void *to, int n)
{
	int fd = open(below(path), O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	int done = result(pread(fd, to, n, position));
	close(fd);
	return done;
}

int oracle_allocate(const char *path, int mode, int64_t position, int64_t n)
{
	int file = open(below(path), O_WRONLY | O_NONBLOCK);

	if (file < 0)
		return -errno;
	int error = result(fallocate(file, mode, position, n));
	close(file);
	return error;
}

int oracle_truncate(const char *path, int64_t size)
{
	return result(truncate(below(path), size));
}

int oracle_mkdir(const char *path)
{
	return result(mkdir(below(path), 0755));
}

int oracle_rmdir(const char *path)
{
	return result(rmdir(below(path)));
}

int oracle_unlink(const char *path)
{
	return result(unlink(below(path)));
}

int oracle_link(const char *from, const char *to)
{
	return result(link(below(from), below(to)));
}

int oracle_symlink(const char *target, const char *path)
{
	return result(symlink(target, below(path)));
}

int oracle_rename(const char *from, const char *to, unsigned flags)
{
	return result(renameat2(AT_FDCWD, below(from), AT_FDCWD, below(to), flags));
}

int oracle_mkfifo(const char *path)
{
	return result(mkfifo(below(path), 0644));
}

int oracle_stat(const char *path, struct oracle_stat *to)
{
	struct stat status;

	if (lstat(below(path), &status))
		return -errno;
	to->mode = status.st_mode;
	to->links = S_ISDIR(status.st_mode) ? 0 : status.st_nlink;
	to->size = S_ISDIR(status.st_mode) ? 0 : status.st_size;
	return 0;
}

uint32_t oracle_hash(const char *name, int length)
{
	uint32_t hash = 2166136261u;

	for (int i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return hash;
}

int oracle_list(const char *path, uint32_t *names, uint32_t *sum)
{
	DIR *directory = opendir(below(path));
	struct dirent *entry;

	*names = *sum = 0;
	if (!directory)
		return -errno;
	while ((entry = readdir(directory))) {
		++*names;
		*sum += oracle_hash(entry->d_name, strlen(entry->d_name)) + entry->d_type;
	}
	closedir(directory);
	return 0;
}

int oracle_readlink(const char *path, char *to, int size)
{
	return result(readlink(below(path), to, size));
}

void image_transfer(bool write, uint64_t position, void *data, uint32_t n)
{
	ssize_t done = write ? pwrite(image_fd, data, n, position)
	                     : pread(image_fd, data, n, position);
	if (done != (ssize_t)n) {
		fprintf(stderr, "the image cannot be read or written\n");
		exit(1);
	}
}

uint32_t image_sectors(void)
{
	struct stat status;

	fstat(image_fd, &status);
	return status.st_size / 512;
}
