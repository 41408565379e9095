/* SPDX-License-Identifier: MIT */
/*
 * What is written to a disk's node is there for the file system that is mounted from it, and for
 * swap; what these wrote is there for who reads the node afterwards. Nobody calls sync(2).
 *
 * pagoda-only: it makes a file system on the swap disk, and Linux's is not to be touched.
 * guest: mem=16 swap=32 pagoda-only
 */
#include "tests/test.h"

#include <sys/mount.h>
#include <sys/swap.h>

#define DISK "/dev/vdb"
#define MARK "these bytes are in a file, and somewhere on the disk"

/* Runs a program of busybox's that says nothing. */
static void run(const char *const *arguments)
{
	pid_t child = fork_checked();

	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		dup2(STDOUT_FILENO, STDERR_FILENO);
		execv("/bin/busybox", (char *const *)arguments);
		_exit(127);
	}
	wait_success(child);
}
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* Whether the node shows the mark, at the start of some block. */
static bool disk_shows_mark(void)
{
	char page[PAGE];
	int fd = open(DISK, O_RDONLY);
	bool found = false;

	CHECK(fd >= 0, "the disk can be read");
	while (!found && read(fd, page, PAGE) == (ssize_t)PAGE)
		found = memcmp(page, MARK, sizeof(MARK)) == 0;
	close(fd);
	return found;
}

static void use_file_system(void)
{
	RUN("mke2fs", "-b", "4096", DISK);
	CHECK(mount(DISK, "there", "ext2", 0, NULL) == 0, "what mke2fs made can be mounted");
	CHECK(access("there/lost+found", F_OK) == 0, "its root directory is whole");
	CHECK_ERRNO(access("there/file", F_OK), ENOENT);
	int fd = open("there/file", O_WRONLY | O_CREAT, 0644);
	CHECK(write(fd, MARK, sizeof(MARK)) == sizeof(MARK), "a file is written");
	close(fd);
	CHECK(umount("there") == 0, "umount");
}

int main(void)
{
	CHECK(swapoff(DISK) == 0, "swapoff");
	CHECK(mkdir("there", 0755) == 0, "a place");
	CHECK(!disk_shows_mark(), "the disk's pages are in memory, without the mark");
	use_file_system();
	CHECK(disk_shows_mark(), "the node shows what the file system wrote");
	RUN("dd", "if=/dev/zero", "of=" DISK, "bs=4096", "count=4");
	CHECK_ERRNO(mount(DISK, "there", "ext2", 0, NULL), EINVAL);
	use_file_system();
	say("two file systems, one after the other");
	RUN("mkswap", DISK);
	CHECK(swapon(DISK, 0) == 0, "what mkswap made can be used at once");
	CHECK(rmdir("there") == 0, "rmdir");
	return 0;
}
