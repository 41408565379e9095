/* SPDX-License-Identifier: MIT */
/* xattr(7) on a tmpfs (user attributes there: Linux 6.6): values, names, lists, rights; and on what
 * is no file of one. */
#include "case.h"

#include <sys/xattr.h>

static char bytes[70000];

static void values(int fd)
{
	GIVES(setxattr("f", "user.a", "hello", 5, 0), "set");
	GIVES(getxattr("f", "user.a", bytes, sizeof bytes), "get");
	say("it is %.5s", bytes);
	GIVES(getxattr("f", "user.a", bytes, 0), "its size");
	GIVES(getxattr("f", "user.a", bytes, 4), "into too little");
	GIVES(setxattr("f", "user.a", "x", 1, XATTR_CREATE), "made again");
	GIVES(setxattr("f", "user.b", "x", 1, XATTR_REPLACE), "replaced, but not there");
	GIVES(setxattr("f", "user.b", "x", 1, 8), "an unknown flag");
	GIVES(setxattr("f", "user.b", "", 0, 0), "set empty");
	GIVES(getxattr("f", "user.b", bytes, sizeof bytes), "get empty");
	GIVES(setxattr("f", "user.a", "longer than before", 18, XATTR_REPLACE), "replaced");
	GIVES(getxattr("f", "user.a", bytes, sizeof bytes), "get");
	GIVES(setxattr("f", "user.a", (void *)1, 4, 0), "a value from nowhere");
	GIVES(getxattr("f", "user.a", (void *)1, 40), "a value to nowhere");
	GIVES(setxattr("f", "user.a", bytes, 65537, 0), "too long a value");
	GIVES(fsetxattr(fd, "user.c", "by number", 9, 0), "set by descriptor");
	GIVES(fgetxattr(fd, "user.c", bytes, 9), "get by descriptor");
	GIVES(fremovexattr(fd, "user.c"), "removed by descriptor");
	GIVES(removexattr("f", "user.c"), "removed again");
	GIVES(getxattr("f", "user.c", bytes, 9), "get what is gone");
}

static void names(void)
{
	char name[300];

	memset(name, 'n', sizeof name);
	memcpy(name, "user.", 5);
	name[255] = '\0';
	GIVES(setxattr("f", name, "x", 1, 0), "a name of 255");
	GIVES(removexattr("f", name), "removed");
	name[255] = 'n';
	name[256] = '\0';
	GIVES(setxattr("f", name, "x", 1, 0), "a name of 256");
	GIVES(setxattr("f", "", "x", 1, 0), "no name");
	GIVES(setxattr("f", (char *)1, "x", 1, 0), "a name from nowhere");
	GIVES(setxattr("f", "user.", "x", 1, 0), "user. alone");
	GIVES(setxattr("f", "user", "x", 1, 0), "user without a dot");
	GIVES(setxattr("f", "other.a", "x", 1, 0), "another kind");
	GIVES(getxattr("f", "other.a", bytes, 1), "get another kind");
	GIVES(setxattr("f", "trusted.t", "x", 1, 0), "trusted");
	GIVES(setxattr("f", "security.s", "x", 1, 0), "security");
}

static void list(const char *what)
{
	ssize_t n = listxattr("f", bytes, sizeof bytes);
	unsigned sum = 0; /* in any order */

	for (ssize_t i = 0; i < n; i += strlen(bytes + i) + 1)
		sum += strlen(bytes + i) * bytes[i + strlen(bytes + i) - 1];
	say("%s: %zd bytes, %u", what, n, sum);
	GIVES(listxattr("f", bytes, 0), "  the size");
	GIVES(listxattr("f", bytes, 3), "  into too little");
	GIVES(listxattr("f", (char *)1, 1000), "  to nowhere");
}

static void kinds(void)
{
	int read_only = open("f", O_RDONLY), place = open("f", O_PATH), ends[2];

	mkdir("d", 0755);
	symlink("f", "l");
	symlink("nowhere", "n");
	mkfifo("p", 0644);
	pipe(ends);
	GIVES(setxattr("d", "user.a", "x", 1, 0), "a directory");
	GIVES(setxattr("l", "user.l", "x", 1, 0), "by a link");
	GIVES(lsetxattr("l", "user.l", "x", 1, 0), "of a link");
	GIVES(lgetxattr("l", "user.l", bytes, 1), "get of a link");
	GIVES(lsetxattr("n", "trusted.l", "x", 1, 0), "trusted, of a link");
	GIVES(lgetxattr("n", "trusted.l", bytes, 1), "get trusted of a link");
	GIVES(setxattr("n", "user.l", "x", 1, 0), "by a link to nowhere");
	GIVES(setxattr("p", "user.a", "x", 1, 0), "a fifo");
	GIVES(getxattr("p", "user.a", bytes, 1), "get of a fifo");
	GIVES(fsetxattr(ends[0], "user.a", "x", 1, 0), "a pipe");
	GIVES(fgetxattr(ends[0], "user.a", bytes, 1), "get of a pipe");
	GIVES(flistxattr(ends[0], bytes, 1), "list of a pipe");
	GIVES(fsetxattr(read_only, "user.r", "x", 1, 0), "opened to read");
	GIVES(fsetxattr(place, "user.r", "x", 1, 0), "a place");
	GIVES(fgetxattr(place, "user.r", bytes, 1), "get of a place");
	GIVES(fsetxattr(99, "user.r", "x", 1, 0), "no descriptor");
	GIVES(setxattr("none", "user.r", "x", 1, 0), "no file");
	GIVES(fsetxattr(syscall(SYS_memfd_create, "m", 0), "user.a", "x", 1, 0), "a memfd");
	GIVES(setxattr("/proc/self/status", "user.a", "x", 1, 0), "/proc");
	GIVES(listxattr("/proc/self/status", bytes, 9), "list of /proc");
	GIVES(setxattr("/dev/null", "user.a", "x", 1, 0), "/dev/null");
	close(read_only);
	close(place);
}

static void others(void *unused)
{
	setresuid(1000, 1000, 1000);
	GIVES(getxattr("f", "user.a", bytes, 99), "another's: get");
	GIVES(setxattr("f", "user.a", "x", 1, 0), "  set");
	GIVES(removexattr("f", "user.a"), "  remove");
	GIVES(getxattr("f", "trusted.t", bytes, 9), "  get trusted");
	GIVES(setxattr("f", "trusted.t", "x", 1, 0), "  set trusted");
	GIVES(getxattr("f", "security.s", bytes, 9), "  get security");
	GIVES(setxattr("f", "security.s", "x", 1, 0), "  set security");
	list("  list");
	GIVES(getxattr("secret", "user.a", bytes, 9), "  get of what may not be read");
	GIVES(listxattr("secret", bytes, 9), "  list of it");
	GIVES(setxattr("sticky", "user.a", "x", 1, 0), "  set of a sticky directory");
	GIVES(setxattr("open", "user.a", "x", 1, 0), "  set of one that all may write to");
}

static void changes(void)
{
	struct stat before, after;

	stat("f", &before);
	usleep(30000);
	setxattr("f", "user.t", "x", 1, 0);
	stat("f", &after);
	say("ctime changes: %d, mtime: %d", before.st_ctim.tv_nsec != after.st_ctim.tv_nsec,
	    before.st_mtim.tv_nsec != after.st_mtim.tv_nsec);
	rename("f", "g");
	GIVES(getxattr("g", "user.a", bytes, 99), "after it was renamed");
	link("g", "f");
	GIVES(getxattr("f", "user.a", bytes, 99), "by another name");
	mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	GIVES(setxattr("f", "user.a", "x", 1, 0), "read-only");
	GIVES(getxattr("f", "user.a", bytes, 99), "get, read-only");
}

int main(void)
{
	mkdir("m", 0755);
	if (mount("t", "m", "tmpfs", 0, "size=1m") != 0 || chdir("m") != 0)
		return 1;
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	values(fd);
	names();
	list("list");
	kinds();
	mkdir("sticky", 0755);
	chmod("sticky", 01777);
	mkdir("open", 0755);
	chmod("open", 0777);
	int secret = open("secret", O_RDWR | O_CREAT, 0600);
	fsetxattr(secret, "user.a", "x", 1, 0);
	child_status(others, NULL);
	close(secret);
	close(fd);
	changes();
	chdir("..");
	GIVES(umount("m"), "unmounted");
	return 0;
}
