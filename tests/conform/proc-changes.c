/* SPDX-License-Identifier: MIT */
/*
 * proc(5): names that cannot be made, found or moved there; files opened for what they are not
 * for; positions in a file whose end nobody knows; what is left of a process that has ended while
 * its directory was open.
 */
#include "case.h"

static void names(void)
{
	GIVES(symlink("a", "/proc/self/fd/77"), "symlink");
	GIVES(mkdir("/proc/self/x", 0700), "mkdir");
	GIVES(mkdir("/proc/x", 0700), "mkdir in /proc");
	GIVES(mknod("/proc/x", S_IFIFO | 0600, 0), "mknod");
	SUCCEEDS(open("/proc/self/fd/new", O_CREAT | O_RDWR, 0600), "open to create");
	SUCCEEDS(open("/proc/sys/new", O_CREAT | O_RDWR, 0600), "in /proc/sys");
	GIVES(mkdir("/proc/self", 0700), "mkdir of what is there");
	GIVES(unlink("/proc/self/status"), "unlink");
	GIVES(rmdir("/proc/self/fd"), "rmdir");
	SUCCEEDS(open("/proc/01/status", O_RDONLY), "01");
	SUCCEEDS(open("/proc/+1/status", O_RDONLY), "+1");
	SUCCEEDS(open("/proc/0/status", O_RDONLY), "0");
	SUCCEEDS(open("/proc/4294967297/status", O_RDONLY), "1 and 2^32");
	SUCCEEDS(open("/proc/1/status", O_RDONLY), "1");
	SUCCEEDS(open("/proc/self/fd/00", O_RDONLY), "fd/00");
}

static void rights(void)
{
	char byte = 'x';
	int fd = open("/proc/self/status", O_WRONLY);

	SUCCEEDS(fd, "status for writing as root");
	GIVES(write(fd, &byte, 1), "write");
	GIVES(read(fd, &byte, 1), "read of what was opened for writing");
	SUCCEEDS(open("/proc/self/maps", O_RDWR), "maps for both");
	GIVES(seteuid(1000), "a user");
	SUCCEEDS(open("/proc/self/status", O_WRONLY), "status for writing as a user");
	GIVES(seteuid(0), "root");
}

static void positions(void)
{
	static const char *const files[] = {"/proc/self/stat", "/proc/self/maps", "/proc/meminfo"};

	for (unsigned i = 0; i < 3; i++) {
		int fd = open(files[i], O_RDONLY);
		GIVES(lseek(fd, 5, SEEK_SET), "%s: to 5", files[i]);
		GIVES(lseek(fd, 0, SEEK_END), "%s: to the end", files[i]);
		GIVES(lseek(fd, -1, SEEK_CUR), "%s: back by 1", files[i]);
		GIVES(lseek(fd, -10, SEEK_CUR), "%s: before the beginning", files[i]);
		GIVES(lseek(fd, 0, SEEK_DATA), "%s: to data", files[i]);
		close(fd);
	}
}

static void links(void)
{
	char path[64];
	struct stat facts;
	int fd = new_file("f", 1);

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	GIVES(lstat(path, &facts), "lstat");
	say("mode %o, size %lld", facts.st_mode, (long long)facts.st_size);
	unlink("f");
	GIVES(stat(path, &facts), "stat of a removed file");
	say("size %lld, %u links", (long long)facts.st_size, (unsigned)facts.st_nlink);
	SUCCEEDS(open(path, O_RDWR), "opened once more");
	GIVES(linkat(AT_FDCWD, path, AT_FDCWD, "back", AT_SYMLINK_FOLLOW), "linked once more");
}

static void ended(void)
{
	static const char *const names[] = {"status", "comm", "cmdline", "limits", "environ"};
	char path[64], byte;
	int files[5];
	int ready[2];
	pid_t child;

	if (pipe(ready))
		return;
	child = fork();
	if (!child) {
		read(ready[0], &byte, 1);
		_exit(0);
	}
	snprintf(path, sizeof path, "/proc/%d", child);
	int directory = open(path, O_RDONLY | O_DIRECTORY);
	for (unsigned i = 0; i < 5; i++) {
		files[i] = openat(directory, names[i], O_RDONLY);
		GIVES(pread(files[i], &byte, 1, 0), "%s of who lives", names[i]);
	}
	write(ready[1], "x", 1);
	waitpid(child, NULL, 0);
	SUCCEEDS(openat(directory, "stat", O_RDONLY), "in the directory of who ended");
	for (unsigned i = 0; i < 5; i++)
		GIVES(pread(files[i], &byte, 1, 0), "%s of who ended", names[i]);
}

static void modes(void)
{
	struct stat facts;
	int place = open("m", O_CREAT | O_RDWR, 0600);

	close(place);
	place = open("m", O_PATH);
	symlink("m", "l");
#define fchmodat2(at, path, mode, flags) syscall(452, at, path, mode, flags)
	GIVES(fchmodat2(AT_FDCWD, "l", 0640, AT_SYMLINK_NOFOLLOW), "fchmodat2 of a link");
	GIVES(fchmodat2(AT_FDCWD, "l", 0644, 0), "through it");
	GIVES(fchmodat2(place, "", 0755, AT_EMPTY_PATH), "of O_PATH");
	GIVES(stat("m", &facts), "stat");
	say("mode %o", facts.st_mode);
	GIVES(fchmodat2(AT_FDCWD, "", 0700, 0), "of an empty path");
	GIVES(fchmodat2(AT_FDCWD, "m", 0700, 0x800), "with an unknown flag");
	GIVES(fchownat(AT_FDCWD, "m", 0, 0, 0x10), "fchownat with an unknown flag");
	GIVES(fchownat(place, "", 0, 0, AT_EMPTY_PATH), "fchownat of O_PATH");
}

static void orders(void)
{
	struct timespec wrong = {0, 1000000000};
	sigset_t set;

	sigemptyset(&set);
	GIVES(syscall(SYS_rt_sigtimedwait, (void *)8, NULL, &wrong, 8), "set and time are bad");
	GIVES(syscall(SYS_rt_sigtimedwait, (void *)8, NULL, &wrong, 7), "and the size");
	GIVES(syscall(SYS_rt_sigtimedwait, &set, NULL, &wrong, 8), "the time");
	GIVES(syscall(SYS_rt_sigtimedwait, &set, NULL, (void *)8, 8), "its place");
}

int main(void)
{
	names();
	rights();
	positions();
	links();
	ended();
	modes();
	orders();
	return 0;
}
