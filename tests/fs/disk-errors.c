/* SPDX-License-Identifier: MIT */
/*
 * Every call that reads or writes what says where files are, on a disk that cannot read or cannot
 * write one kind of its sectors. The table says which calls fail then, with EIO and no other error;
 * all others do their work. Afterwards nothing is missing, and another disk is as good as before.
 *
 * `make disk-errors` does this with each column of the table; here is one.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: disks="good good" errors="disk0:read:directory=/full" args="read directory" pagoda-only
 */
#include <dirent.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "tests/test.h"

#define FAR (50 * PAGE) /* behind what an inode names by itself */

static char bytes[4 * PAGE];

/* By its letter: virtio's or ATA's. */
static int mount_disk(char letter, const char *place)
{
	char device[] = "/dev/vd?";

	device[7] = letter;
	if (access(device, F_OK) != 0)
		device[5] = 'h';
	return mount(device, place, "ext2", 0, NULL);
}

/* Opens, does one thing, closes. The error of whatever failed first. */
static int with(const char *path, int (*act)(int))
{
	int fd = open(path, O_RDWR);

	if (fd < 0 && errno == EISDIR)
		fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	int result = act(fd), error = errno;
	close(fd);
	errno = error;
	return result;
}

static int result_of(ssize_t n)
{
	return n < 0 ? -1 : 0;
}

static int far_read(int fd) { return result_of(pread(fd, bytes, 10, FAR)); }
static int far_write(int fd) { return result_of(pwrite(fd, bytes, 10, FAR)); }
static int far_append(int fd) { return result_of(pwrite(fd, bytes, 10, 60 * PAGE)); }
static int near_read(int fd) { return result_of(pread(fd, bytes, 10, 1)); }
static int near_write(int fd) { return result_of(pwrite(fd, bytes, 10, 1)); }
static int page_write(int fd) { return result_of(pwrite(fd, bytes, PAGE, 2 * PAGE)); }
static int append(int fd) { return result_of(pwrite(fd, bytes, PAGE, 2 * PAGE)); }
static int hole_fill(int fd) { return result_of(pwrite(fd, bytes, 10, 5 * PAGE)); }
static int empty(int fd) { return ftruncate(fd, 0); }
static int settle(int fd) { return fsync(fd); }

/* A page of a mapping: EFAULT, and SIGBUS for a program that has no system call do it. */
static int far_touch(int fd)
{
	char *memory = mmap(NULL, 60 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	int ends[2];

	CHECK(memory != MAP_FAILED && pipe(ends) == 0, "a mapping, and a pipe");
	ssize_t n = write(ends[1], memory + FAR, 1);
	CHECK(n == 1 || errno == EFAULT, "a page can be had, or not");
	CHECK(death_of(read_byte, memory + FAR).signal == (n == 1 ? 0 : SIGBUS), "and so for all");
	munmap(memory, 60 * PAGE);
	close(ends[0]);
	close(ends[1]);
	errno = EIO;
	return n == 1 ? 0 : -1;
}

static int list(const char *path)
{
	DIR *directory = opendir(path);

	if (!directory)
		return -1;
	do
		errno = 0;
	while (readdir(directory));
	int error = errno;
	closedir(directory);
	errno = error;
	return error ? -1 : 0;
}

static int make(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int long_link(const char *path)
{
	static char target[200];

	memset(target, 'x', sizeof(target) - 1);
	return symlink(target, path);
}

static int look(const char *path)
{
	struct stat status;

	return stat(path, &status);
}

static int far_look(void) { return with("/m/a/big", far_read); }
static int far_change(void) { return with("/m/a/big", far_write); }
static int far_grow(void) { return with("/m/a/big", far_append); }
static int far_map(void) { return with("/m/a/big", far_touch); }
static int near_look(void) { return with("/m/a/direct", near_read); }
static int near_change(void) { return with("/m/a/direct", near_write); }
static int replace(void) { return with("/m/a/direct", page_write); }
static int grow(void) { return with("/m/a/b/c/d/deep", append); }
static int fill_hole(void) { return with("/m/a/sparse", hole_fill); }
static int look_at_name(void) { return look("/m/full/one"); }
static int list_names(void) { return list("/m/full"); }
static int list_others(void) { return list("/m/many"); }
static int make_file(void) { return make("/m/full/new"); }
static int make_directory(void) { return mkdir("/m/full/directory", 0755); }
static int make_link(void) { return symlink("one", "/m/full/link"); }
static int make_long_link(void) { return long_link("/m/full/long"); }
static int make_hard_link(void) { return link("/m/a/b/c/d/deep", "/m/full/deep"); }
static int make_node(void) { return mknod("/m/full/fifo", S_IFIFO | 0644, 0); }
static int move_in(void) { return rename("/m/full/one", "/m/full/uno"); }
static int move_out(void) { return rename("/m/full/uno", "/m/one"); }
static int move_up(void) { return rename("/m/a/b/c", "/m/e/c"); }
static int move_down(void) { return rename("/m/e/c", "/m/a/b/c"); }
static int remove_name(void) { return unlink("/m/full/two"); }
static int remove_directory(void) { return rmdir("/m/d"); }
static int change_mode(void) { return chmod("/m/a/small", 0600); }
static int change_root_mode(void) { return chmod("/m/a", 0700); }
static int cut(void) { return with("/m/a/big", empty); }
static int cut_deep(void) { return with("/m/a/b/c/d/deep", empty); }
static int remove_sparse(void) { return unlink("/m/a/sparse"); }
static int settle_deep(void) { return with("/m/a/b/c/d/deep", settle); }
static int settle_direct(void) { return with("/m/a/direct", settle); }
static int settle_full(void) { return with("/m/full", settle); }

static int ask_space(void)
{
	struct statfs status;

	return statfs("/m", &status);
}

static int take_out(void) { return umount("/m"); }

/* The columns, in the order of the letters of a row. */
static const char *const kinds[] = {
	"read block-bitmap", "read inode-bitmap", "read inode", "read directory", "read indirect",
	"read data", "write superblock", "write descriptors", "write block-bitmap",
	"write inode-bitmap", "write inode", "write directory", "write indirect", "write data",
};

/* E: EIO. A dot: done. ?: either, as memory may be short or not. */
static const struct {
	const char *what;
	int (*act)(void);
	const char *expected;
} rows[] = {
	/*                                            read   write  */
	{"list a directory", list_names,             "..EE.. ........"},
	{"list another", list_others,                "..E... ........"},
	{"look a name up", look_at_name,             "..EE.. ........"},
	{"read what the inode names", near_look,     "..E..E ........"},
	{"read what a block names", far_look,        "..E.E. ........"},
	{"map that", far_map,                        "..E.E. ........"},
	{"ask for room", ask_space,                  "...... ........"},
	{"make a file", make_file,                   ".EEE.. ........"},
	{"make a directory", make_directory,         "EEEE.. ........"},
	{"make a link", make_link,                   ".EEE.. ........"},
	{"make a long link", make_long_link,         "EEEE.. ........"},
	{"make a hard link", make_hard_link,         "..EE.. ........"},
	{"make a fifo", make_node,                   ".EEE.. ........"},
	{"rename", move_in,                          "..EE.. ........"},
	{"rename out", move_out,                     "..EE.. ........"},
	{"move a directory", move_up,                "..E... ........"},
	{"move it back", move_down,                  "..E... ........"},
	{"remove a name", remove_name,               "..EE.. ........"},
	{"remove a directory", remove_directory,     "..E... ........"},
	{"change a mode", change_mode,               "..E... ........"},
	{"change another", change_root_mode,         "...... ........"},
	{"write to a page", near_change,             "..E..E ........"},
	{"write a page", replace,                    "..E... ........"},
	{"write behind an indirect block", far_change, "..E.E. ........"},
	{"append behind an indirect block", far_grow, "E.E.E. ........"},
	{"append", grow,                             "E..... ........"},
	{"fill a hole", fill_hole,                   "E.E... ........"},
	{"settle a grown file", settle_deep,         "...... EEEEEEE."},
	{"settle a changed one", settle_direct,      "..E... EEEEEEEE"},
	{"settle a directory", settle_full,          "..E... EEEEEEE."},
	{"cut off", cut_deep,                        "E..... ........"},
	{"cut off what a block names", cut,          "E.E.E. ........"},
	{"remove a file with holes", remove_sparse,  "..E... ........"},
	{"take it out", take_out,                    "...... EEEEEE.E"},
};

/* Of "once none" all is done: what fails once is tried again by the kernel. */
static char expected_of(uint32_t row, uint32_t column)
{
	return column ? rows[row].expected[column - 1] : '.';
}

static uint32_t column_of(const char *kind)
{
	if (!strcmp(kind, "once none"))
		return 0;
	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i], kind))
			return i < 6 ? i + 1 : i + 2; /* the gap between reads and writes */
	test_fail(__FILE__, __LINE__, kind, "a kind of the table");
}

static void try_rows(const char *kind)
{
	uint32_t column = column_of(kind), wrong = 0;

	CHECK(mount_disk('c', "/m") == 0, "the disk can be mounted");
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char expected = expected_of(i, column);

		errno = 0;
		int result = rows[i].act();
		bool right = result ? errno == EIO && expected != '.' : expected != 'E';
		if (!right)
			say("  %s: %s, and '%c' was expected", rows[i].what,
			    result ? strerror(errno) : "done", expected);
		wrong += !right;
	}
	CHECK(!wrong, "%u calls do something else when they cannot %s", wrong, kind);
	say("cannot %s: %zu calls as expected", kind, sizeof(rows) / sizeof(rows[0]));
}

/* A disk that cannot take what it should stays mounted, and is given up if one wants. */
static void try_force(const char *kind)
{
	if (umount("/m") == 0 || errno == EINVAL)
		return; /* it is out already */
	CHECK(errno == EIO && umount2("/m", MNT_FORCE) == 0, "it can be given up");
	CHECK(access("/m/a", F_OK) == -1, "and is away");
	CHECK(mount_disk('c', "/m") == 0 && look("/m/a/small") == 0 &&
	      umount("/m") == 0, "it can be mounted again, and looked at");
	say("cannot %s: given up", kind);
}

/* What lies under no bad sector goes on. */
static void try_beside(void)
{
	CHECK(mkdir("/n", 0755) == 0 && mount_disk('d', "/n") == 0,
	      "another disk can be mounted");
	CHECK(make("/n/new") == 0 && mkdir("/n/directory", 0755) == 0 && look("/n/new") == 0,
	      "and changed");
	CHECK(umount("/n") == 0, "and taken out");
}

int main(int argc, char **argv)
{
	char kind[64];

	CHECK(argc == 3, "arguments: read or write, and a kind of sectors");
	snprintf(kind, sizeof(kind), "%s %s", argv[1], argv[2]);
	CHECK(mkdir("/m", 0755) == 0, "a place for the disk");
	if (!strcmp(argv[2], "mount"))
		CHECK_ERRNO(mount_disk('c', "/m"), EIO);
	else
		try_rows(kind);
	try_force(kind);
	try_beside();
	return 0;
}
