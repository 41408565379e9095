/* SPDX-License-Identifier: MIT */
/*
 * Files and names, each function one system call. Where i386 has several, it is the one
 * with 64-bit offsets and 32-bit user numbers.
 */
#define stat __old_stat
#include <asm/stat.h>
#undef stat
typedef struct stat64 kernel_stat;

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SAME_PLACE(ours, theirs) \
	_Static_assert(offsetof(struct stat, ours) == offsetof(kernel_stat, theirs), #ours)

SAME_PLACE(st_mode, st_mode);
SAME_PLACE(st_rdev, st_rdev);
SAME_PLACE(st_size, st_size);
SAME_PLACE(st_blksize, st_blksize);
SAME_PLACE(st_blocks, st_blocks);
SAME_PLACE(st_ino, st_ino);
_Static_assert(sizeof(struct stat) == sizeof(kernel_stat), "struct stat is the kernel's");

/* ---- open files ------------------------------------------------------------------- */

/* The mode is the optional argument of open; it counts only when a file may be made. */
#define MODE_ARGUMENT(mode, flags)                              \
	do {                                                    \
		va_list arguments;                              \
		va_start(arguments, flags);                     \
		if ((flags) & (O_CREAT | O_TMPFILE))            \
			mode = va_arg(arguments, mode_t);       \
		va_end(arguments);                              \
	} while (0)

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_ARGUMENT(mode, flags);
	return syscall(SYS_open, path, flags | O_LARGEFILE, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_ARGUMENT(mode, flags);
	return syscall(SYS_openat, directory, path, flags | O_LARGEFILE, mode);
}

int creat(const char *path, mode_t mode)
{
	return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd)
{
	return syscall(SYS_close, fd);
}

ssize_t read(int fd, void *to, size_t n)
{
	return syscall(SYS_read, fd, to, n);
}

ssize_t write(int fd, const void *from, size_t n)
{
	return syscall(SYS_write, fd, from, n);
}

ssize_t pread(int fd, void *to, size_t n, off_t offset)
{
	return syscall(SYS_pread64, fd, to, n, offset);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t offset)
{
	return syscall(SYS_pwrite64, fd, from, n, offset);
}

ssize_t readv(int fd, const struct iovec *pieces, int count)
{
	return syscall(SYS_readv, fd, pieces, count);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	return syscall(SYS_writev, fd, pieces, count);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t n)
{
	return syscall(SYS_sendfile64, to, from, offset, n);
}

/* _llseek takes the high word first, unlike every call with a 64-bit argument. */
off_t lseek(int fd, off_t offset, int whence)
{
	off_t result;

	if (syscall(SYS__llseek, fd, (long)(offset >> 32), (long)offset, &result, whence) < 0)
		return -1;
	return result;
}

int dup(int fd)
{
	return syscall(SYS_dup, fd);
}

int dup2(int fd, int to)
{
	return syscall(SYS_dup2, fd, to);
}

int dup3(int fd, int to, int flags)
{
	return syscall(SYS_dup3, fd, to, flags);
}

int pipe(int fds[2])
{
	return syscall(SYS_pipe, fds);
}

int pipe2(int fds[2], int flags)
{
	return syscall(SYS_pipe2, fds, flags);
}

int fcntl(int fd, int command, ...)
{
	va_list arguments;
	long argument;

	va_start(arguments, command);
	argument = va_arg(arguments, long);
	va_end(arguments);
	return syscall(SYS_fcntl64, fd, command, argument);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return syscall(SYS_ioctl, fd, request, argument);
}

int flock(int fd, int operation)
{
	return syscall(SYS_flock, fd, operation);
}

int fsync(int fd)
{
	return syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return syscall(SYS_fdatasync, fd);
}

void sync(void)
{
	syscall(SYS_sync);
}

int syncfs(int fd)
{
	return syscall(SYS_syncfs, fd);
}

int truncate(const char *path, off_t size)
{
	return syscall(SYS_truncate64, path, size);
}

int ftruncate(int fd, off_t size)
{
	return syscall(SYS_ftruncate64, fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
	return syscall(SYS_fallocate, fd, mode, offset, length);
}

/* These two return the error and leave errno alone. */
int posix_fallocate(int fd, off_t offset, off_t length)
{
	int before = errno, error = fallocate(fd, 0, offset, length) < 0 ? errno : 0;

	errno = before;
	return error;
}

int posix_fadvise(int fd, off_t offset, off_t length, int advice)
{
	int before = errno;
	int error = syscall(SYS_fadvise64_64, fd, offset, length, advice) < 0 ? errno : 0;

	errno = before;
	return error;
}

int poll(struct pollfd *files, nfds_t count, int timeout_ms)
{
	return syscall(SYS_poll, files, count, timeout_ms);
}

int select(int fds, fd_set *readable, fd_set *writable, fd_set *exceptional,
           struct timeval *timeout)
{
	return syscall(SYS__newselect, fds, readable, writable, exceptional, timeout);
}

/* ---- attributes ------------------------------------------------------------------- */

int (stat)(const char *path, struct stat *status)
{
	return syscall(SYS_stat64, path, status);
}

int (fstat)(int fd, struct stat *status)
{
	return syscall(SYS_fstat64, fd, status);
}

int (lstat)(const char *path, struct stat *status)
{
	return syscall(SYS_lstat64, path, status);
}

int fstatat(int directory, const char *path, struct stat *status, int flags)
{
	return syscall(SYS_fstatat64, directory, path, status, flags);
}

int statfs(const char *path, struct statfs *status)
{
	return syscall(SYS_statfs, path, status);
}

int fstatfs(int fd, struct statfs *status)
{
	return syscall(SYS_fstatfs, fd, status);
}

int access(const char *path, int mode)
{
	return syscall(SYS_access, path, mode);
}

int faccessat(int directory, const char *path, int mode, int flags)
{
	if (flags)
		return syscall(SYS_faccessat2, directory, path, mode, flags);
	return syscall(SYS_faccessat, directory, path, mode);
}

int chmod(const char *path, mode_t mode)
{
	return syscall(SYS_chmod, path, mode);
}

int fchmod(int fd, mode_t mode)
{
	return syscall(SYS_fchmod, fd, mode);
}

int chown(const char *path, uid_t user, gid_t group)
{
	return syscall(SYS_chown32, path, user, group);
}

int fchown(int fd, uid_t user, gid_t group)
{
	return syscall(SYS_fchown32, fd, user, group);
}

int lchown(const char *path, uid_t user, gid_t group)
{
	return syscall(SYS_lchown32, path, user, group);
}

mode_t umask(mode_t mask)
{
	return (mode_t)syscall(SYS_umask, mask);
}

int utimensat(int directory, const char *path, const struct timespec times[2], int flags)
{
	return syscall(SYS_utimensat, directory, path, times, flags);
}

int futimens(int fd, const struct timespec times[2])
{
	return syscall(SYS_utimensat, fd, NULL, times, 0);
}

/* ---- names ------------------------------------------------------------------------ */

int link(const char *from, const char *to)
{
	return syscall(SYS_link, from, to);
}

int symlink(const char *target, const char *path)
{
	return syscall(SYS_symlink, target, path);
}

ssize_t readlink(const char *path, char *to, size_t size)
{
	return syscall(SYS_readlink, path, to, size);
}

int unlink(const char *path)
{
	return syscall(SYS_unlink, path);
}

int unlinkat(int directory, const char *path, int flags)
{
	return syscall(SYS_unlinkat, directory, path, flags);
}

int rename(const char *from, const char *to)
{
	return syscall(SYS_rename, from, to);
}

int remove(const char *path)
{
	if (unlink(path) == 0)
		return 0;
	return errno == EISDIR ? rmdir(path) : -1;
}

int mkdir(const char *path, mode_t mode)
{
	return syscall(SYS_mkdir, path, mode);
}

int mkdirat(int directory, const char *path, mode_t mode)
{
	return syscall(SYS_mkdirat, directory, path, mode);
}

int rmdir(const char *path)
{
	return syscall(SYS_rmdir, path);
}

int mknod(const char *path, mode_t mode, dev_t device)
{
	return syscall(SYS_mknod, path, mode, (unsigned long)device);
}

int mkfifo(const char *path, mode_t mode)
{
	return mknod(path, S_IFIFO | mode, 0);
}

int chdir(const char *path)
{
	return syscall(SYS_chdir, path);
}

int fchdir(int fd)
{
	return syscall(SYS_fchdir, fd);
}

int chroot(const char *path)
{
	return syscall(SYS_chroot, path);
}

/* With to == NULL, in a block from malloc of PATH_MAX bytes, whatever the size. */
char *getcwd(char *to, size_t size)
{
	char *given = to;

	if (!to) {
		size = PATH_MAX;
		to = malloc(size);
	}
	if (!to)
		return NULL;
	if (syscall(SYS_getcwd, to, size) >= 0)
		return to;
	if (!given)
		free(to);
	return NULL;
}

/* The kernel knows the path of an open file, with every link resolved. */
char *realpath(const char *path, char *resolved)
{
	char link_path[32], found[PATH_MAX];
	int fd = open(path, O_PATH | O_CLOEXEC), error;
	ssize_t length;

	if (fd < 0)
		return NULL;
	snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", fd);
	length = readlink(link_path, found, sizeof(found) - 1);
	error = errno;
	close(fd);
	errno = error;
	if (length < 0)
		return NULL;
	found[length] = 0;
	return resolved ? strcpy(resolved, found) : strdup(found);
}
