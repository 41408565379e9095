/* SPDX-License-Identifier: MIT */
/*
 * A descriptor opened with O_PATH is a place: of the calls on descriptors those that open(2) lists
 * take it, all others say EBADF; and no right on the object is needed to have one.
 *
 * guest: linux-root
 */
#include "tests/test.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/uio.h>

static char byte[64];
static struct iovec piece = {byte, 1};
static int other; /* an ordinary open file */

static int calls_read(int fd) { return (int)read(fd, byte, 1); }
static int calls_write(int fd) { return (int)write(fd, byte, 1); }
static int calls_pread(int fd) { return (int)pread(fd, byte, 1, 0); }
static int calls_readv(int fd) { return (int)syscall(__NR_readv, fd, &piece, 1); }
static int calls_writev(int fd) { return (int)syscall(__NR_writev, fd, &piece, 1); }
static int calls_lseek(int fd) { return (int)lseek(fd, 0, SEEK_SET); }
static int calls_ioctl(int fd) { return ioctl(fd, FIONREAD, byte); }
static int calls_fchmod(int fd) { return fchmod(fd, 0600); }
static int calls_fchown(int fd) { return fchown(fd, -1, -1); }
static int calls_ftruncate(int fd) { return ftruncate(fd, 0); }
static int calls_fsync(int fd) { return fsync(fd); }
static int calls_flock(int fd) { return flock(fd, LOCK_SH); }
static int calls_getdents(int fd) { return (int)syscall(__NR_getdents64, fd, byte, sizeof(byte)); }
static int calls_futimens(int fd) { return futimens(fd, NULL); }
static int calls_sendfile(int fd) { return (int)sendfile(other, fd, NULL, 1); }
static int calls_setfl(int fd) { return fcntl(fd, F_SETFL, O_NONBLOCK); }
static int calls_mmap(int fd)
{
	return mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0;
}

static int calls_fstat(int fd)
{
	struct stat st;
	return fstat(fd, &st);
}

static int calls_fstatfs(int fd)
{
	struct statfs st;
	return fstatfs(fd, &st);
}

static int calls_dup(int fd) { return close(dup(fd)); }
static int calls_getfd(int fd) { return fcntl(fd, F_GETFD) == 0 ? 0 : -1; }
static int calls_setfd(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC) || fcntl(fd, F_SETFD, 0); }
static int calls_dupfd(int fd) { return close(fcntl(fd, F_DUPFD, 20)); }
static int calls_getfl(int fd) { return fcntl(fd, F_GETFL) & O_PATH ? 0 : -1; }

static const struct {
	const char *name;
	int (*call)(int);
	int answer;
} calls[] = {
	{"read", calls_read, EBADF},
	{"write", calls_write, EBADF},
	{"pread", calls_pread, EBADF},
	{"readv", calls_readv, EBADF},
	{"writev", calls_writev, EBADF},
	{"lseek", calls_lseek, EBADF},
	{"ioctl", calls_ioctl, EBADF},
	{"fchmod", calls_fchmod, EBADF},
	{"fchown", calls_fchown, EBADF},
	{"ftruncate", calls_ftruncate, EBADF},
	{"fsync", calls_fsync, EBADF},
	{"flock", calls_flock, EBADF},
	{"getdents", calls_getdents, EBADF},
	{"futimens", calls_futimens, EBADF},
	{"sendfile", calls_sendfile, EBADF},
	{"F_SETFL", calls_setfl, EBADF},
	{"mmap", calls_mmap, EBADF},
	{"fstat", calls_fstat, 0},
	{"fstatfs", calls_fstatfs, 0},
	{"dup", calls_dup, 0},
	{"F_GETFD", calls_getfd, 0},
	{"F_SETFD", calls_setfd, 0},
	{"F_DUPFD", calls_dupfd, 0},
	{"F_GETFL", calls_getfl, 0},
};

static void try_all(const char *path, int flags)
{
	int fd = open(path, O_PATH | flags);

	CHECK(fd >= 0, "%s can be opened with O_PATH", path);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		errno = 0;
		int answer = calls[i].call(fd) < 0 ? errno : 0;
		CHECK(answer == calls[i].answer, "%s of %s: errno %d, not %d", calls[i].name, path,
		      calls[i].answer, answer);
	}
	struct pollfd wanted = {.fd = fd, .events = POLLIN};
	CHECK(poll(&wanted, 1, 0) == 1 && wanted.revents == POLLNVAL, "poll: POLLNVAL");
	close(fd);
}

/* What a place is good for: a file below it, the directory to be in, the link itself. */
static void use(void)
{
	char target[16] = "";
	struct stat st;
	int fd = open("directory", O_PATH);

	CHECK(syscall(__NR_openat, fd, "below", O_CREAT | O_WRONLY, 0644) >= 0, "a file below it");
	CHECK(fchdir(fd) == 0 && stat("below", &st) == 0 && chdir("..") == 0, "a place to be");
	close(fd);
	fd = open("link", O_PATH | O_NOFOLLOW);
	CHECK(fstat(fd, &st) == 0 && S_ISLNK(st.st_mode), "the link itself");
	CHECK(syscall(__NR_readlinkat, fd, "", target, sizeof(target)) == 4 &&
	      !memcmp(target, "file", 4), "where it leads");
	close(fd);
	fd = open("link", O_PATH);
	CHECK(fstat(fd, &st) == 0 && S_ISREG(st.st_mode), "what it leads to");
	close(fd);
	CHECK_ERRNO(open("file", O_PATH | O_DIRECTORY), ENOTDIR);
	CHECK_ERRNO(open("none", O_PATH | O_CREAT, 0644), ENOENT);
}

static void as_user(void *unused)
{
	(void)unused;
	CHECK(setgid(1000) == 0 && setuid(1000) == 0, "a user");
	int fd = open("secret", O_PATH);
	CHECK(fd >= 0, "a place is not what lies there");
	CHECK_ERRNO(read(fd, byte, 1), EBADF);
	CHECK_ERRNO(open("closed/file", O_PATH), EACCES);
}

int main(void)
{
	CHECK(chmod(".", 0755) == 0, "the directory may be searched");
	other = file_make("file", 1, 1);
	close(file_make("secret", 1, 1));
	CHECK(mkdir("directory", 0755) == 0 && mkdir("closed", 0700) == 0 &&
	      symlink("file", "link") == 0 && chmod("secret", 0600) == 0 &&
	      mkfifo("fifo", 0600) == 0, "objects");
	close(file_make("closed/file", 1, 1));
	try_all("file", 0);
	try_all("directory", 0);
	try_all("link", O_NOFOLLOW);
	try_all("fifo", 0);
	use();
	in_child(as_user, NULL);
	say("%zu calls on four kinds of places", sizeof(calls) / sizeof(calls[0]));
	return 0;
}
