/* SPDX-License-Identifier: MIT */
/* open(2), openat2(2): flags in combinations, on each kind of file, as root and as another user;
 * what the descriptor can do then; O_TMPFILE; where openat2's resolve flags stop. */
#include "case.h"

#include <linux/openat2.h>

static const char *const kinds[] = {
	"file", "folder", "link", "to-folder", "dangling", "new", "file/", "folder/", "new/",
	"folder/.", "to-folder/", "secret", "large",
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static const struct { const char *name; int flags; } sets[] = {
	{"RDONLY", O_RDONLY}, {"RDWR", O_RDWR}, {"mode 3", 3}, {"TRUNC", O_TRUNC},
	{"TRUNC|WRONLY", O_TRUNC | O_WRONLY}, {"APPEND", O_APPEND},
	{"CREAT", O_CREAT}, {"CREAT|RDWR", O_CREAT | O_RDWR},
	{"CREAT|EXCL|RDWR", O_CREAT | O_EXCL | O_RDWR}, {"EXCL", O_EXCL},
	{"CREAT|DIRECTORY", O_CREAT | O_DIRECTORY}, {"DIRECTORY", O_DIRECTORY},
	{"DIRECTORY|RDWR", O_DIRECTORY | O_RDWR}, {"NOFOLLOW", O_NOFOLLOW},
	{"NOFOLLOW|CREAT", O_NOFOLLOW | O_CREAT}, {"NOFOLLOW|DIRECTORY", O_NOFOLLOW | O_DIRECTORY},
	{"PATH", O_PATH}, {"PATH|NOFOLLOW", O_PATH | O_NOFOLLOW},
	{"PATH|DIRECTORY", O_PATH | O_DIRECTORY}, {"PATH|CREAT|TRUNC|RDWR",
	 O_PATH | O_CREAT | O_TRUNC | O_RDWR}, {"TMPFILE", O_TMPFILE},
	{"TMPFILE|RDWR", O_TMPFILE | O_RDWR}, {"TMPFILE|RDWR|EXCL", O_TMPFILE | O_RDWR | O_EXCL},
	{"TMPFILE|RDWR|CREAT", O_TMPFILE | O_RDWR | O_CREAT},
	{"TMPFILE without DIRECTORY", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR},
	{"an unknown flag", 0x20000000}, {"LARGEFILE", 0100000}, {"LARGEFILE|TRUNC", 0101000},
};
#define SETS (sizeof sets / sizeof sets[0])

static void make_all(void)
{
	mkdir("o", 0777);
	chdir("o");
	chmod(".", 0777);
	int fd = open("file", O_CREAT | O_WRONLY, 0666);
	fchmod(fd, 0666);
	write(fd, "hello", 5);
	close(fd);
	fd = open("large", O_CREAT | O_WRONLY, 0666);
	ftruncate(fd, 3ll << 30);
	close(fd);
	close(open("secret", O_CREAT | O_WRONLY, 0600));
	mkdir("folder", 0755);
	symlink("file", "link");
	symlink("folder", "to-folder");
	symlink("nowhere", "dangling");
}

static void remove_all(void)
{
	static const char *const names[] = {"file", "large", "secret", "link", "to-folder",
	                                    "dangling", "nowhere", "new"};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
	rmdir("folder");
	chdir("..");
	GIVES(rmdir("o"), "all is gone");
}

static void use(int fd)
{
	struct stat s;
	char byte = 'x';

	printf(" flags %o", fcntl(fd, F_GETFL));
	if (fstat(fd, &s) == 0)
		printf(" mode %o size %lld links %d", s.st_mode,
		       S_ISDIR(s.st_mode) ? 0 : (long long)s.st_size, (int)s.st_nlink);
	printf(" read %s", pread(fd, &byte, 1, 0) < 0 ? error_name(errno) : "done");
	printf(" write %s", pwrite(fd, &byte, 1, 0) < 0 ? error_name(errno) : "done");
}

static void open_each(void)
{
	for (unsigned i = 0; i < SETS; i++)
		for (unsigned k = 0; k < KINDS; k++) {
			/* By the call itself: the C library adds O_LARGEFILE. */
			int fd = syscall(SYS_openat, AT_FDCWD, kinds[k], sets[i].flags, 0640);
			int error = errno;
			struct stat s;
			printf("%s \"%s\": %s", sets[i].name, kinds[k],
			       fd < 0 ? error_name(error) : "done");
			if (fd >= 0) {
				use(fd);
				close(fd);
			}
			if (stat("file", &s) == 0)
				printf("; file %d", (int)s.st_size);
			printf("; made%s%s\n", access("new", F_OK) ? "" : " new",
			       access("nowhere", F_OK) ? "" : " nowhere");
			unlink("new");
			unlink("nowhere");
		}
	fflush(stdout);
}

static void as_other(void *unused)
{
	(void)unused;
	setresgid(5, 5, 5);
	setresuid(5, 5, 5);
	open_each();
}

static void nameless(void)
{
	char path[40];
	struct stat s;
	int fd = open("folder", O_TMPFILE | O_RDWR, 0640);
	int fixed = open("folder", O_TMPFILE | O_RDWR | O_EXCL, 0640);

	GIVES(write(fd, "kept", 4), "write");
	fstat(fd, &s);
	say("mode %o links %d size %d", s.st_mode, (int)s.st_nlink, (int)s.st_size);
	GIVES(rmdir("folder"), "its folder is empty");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fixed);
	GIVES(linkat(fixed, "", AT_FDCWD, "new", AT_EMPTY_PATH), "a name for one with O_EXCL");
	GIVES(linkat(fd, "", AT_FDCWD, "new", AT_EMPTY_PATH), "a name for the other");
	fstat(fd, &s);
	say("links %d", (int)s.st_nlink);
	GIVES(linkat(fd, "", AT_FDCWD, "new", AT_EMPTY_PATH), "the same name");
	GIVES(unlink("new"), "it goes");
	GIVES(linkat(fd, "", AT_FDCWD, "new", AT_EMPTY_PATH), "it comes back");
	close(fd);
	close(fixed);
	mkdir("folder", 0755);
}

static long openat2(int directory, const char *path, uint64_t flags, uint64_t mode,
                    uint64_t resolve, size_t size)
{
	struct { struct open_how how; uint64_t later[2]; } how = {.how = {flags, mode, resolve}};

	if (size == sizeof how)
		how.later[1] = 1;
	return syscall(SYS_openat2, directory, path, &how, size);
}

static void resolving(void)
{
	static const char *const paths[] = {
		"absolute", "file", "../o/file", "../file", "folder/../file", "link", "/file", "/",
		"to-folder/..", "to-folder/../..", "to-folder/../../x", "/proc/version", "up/file",
	};
	int here = open(".", O_RDONLY | O_DIRECTORY);

	/* Whether the root is another file system than this depends on the machine. */
	symlink("/file", "absolute");
	symlink("../o", "up");
	for (unsigned r = 1; r <= 16; r *= 2)
		for (unsigned i = r == RESOLVE_NO_XDEV; i < sizeof paths / sizeof paths[0]; i++)
			SUCCEEDS(openat2(here, paths[i], O_RDONLY, 0, r, 24), "resolve %x \"%s\"",
			         r, paths[i]);
	SUCCEEDS(openat2(here, "file", O_RDONLY, 0, 0x20, 24), "cached");
	SUCCEEDS(openat2(here, "file", O_RDONLY | O_CREAT, 0, 0x20, 24), "cached and O_CREAT");
	SUCCEEDS(openat2(here, "file", O_RDONLY, 0, 0x18, 24), "two that contradict");
	SUCCEEDS(openat2(here, "file", O_RDONLY, 0, 0x40, 24), "an unknown one");
	SUCCEEDS(openat2(here, "file", O_RDONLY, 0600, 0, 24), "a mode for nothing");
	SUCCEEDS(openat2(here, "new", O_CREAT, 010000, 0, 24), "a mode of more bits");
	SUCCEEDS(openat2(here, "file", O_PATH | O_RDWR, 0, 0, 24), "O_PATH and another flag");
	SUCCEEDS(openat2(here, "file", 1ull << 40, 0, 0, 24), "a flag above 32 bits");
	SUCCEEDS(openat2(here, "file", O_RDONLY, 0, 0, 23), "too small");
	SUCCEEDS(openat2(here, "file", O_RDONLY, 0, 0, 32), "larger, zeros");
	SUCCEEDS(openat2(here, "file", O_RDONLY, 0, 0, 40), "larger, not zeros");
	SUCCEEDS(openat2(here, "file", O_RDONLY, 0, 0, 5000), "larger than a page");
	SUCCEEDS(syscall(SYS_openat2, here, "file", 16, 24), "a bad pointer");
	unlink("absolute");
	unlink("up");
	close(here);
}

static void in_folder(const char *folder)
{
	say("-- in %s", folder[0] == '.' ? "a disk's folder" : "a tmpfs");
	chdir(folder);
	umask(022);
	make_all();
	open_each();
	child_status(as_other, NULL);
	nameless();
	resolving();
	remove_all();
}

int main(void)
{
	in_folder(".");
	in_folder("/dev/shm");
	return 0;
}
