/* SPDX-License-Identifier: MIT */
/*
 * Disks that cannot read what says where files are: a directory's block, an indirect block, the
 * bitmaps, inodes. The calls that need it say EIO, a mapping gives SIGBUS, and no call takes more
 * with it: what lies beside is read and written, and the disk can be taken out at the end.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: disks="good good good" pagoda-only
 * guest: errors="disk0:read:directory=/d disk0:read:directory=/a/b/c/d disk0:read:indirect=/a/big"
 * guest: errors="disk1:read:block-bitmap disk1:read:inode-bitmap disk2:read:inode=/d"
 */
#include <dirent.h>
#include <sys/mount.h>

#include "tests/test.h"

#define BEHIND (50 * PAGE) /* a place of /m/a/big that an indirect block names */

static void mount_disk(const char *device)
{
	CHECK(mount(device, "/m", "ext2", 0, NULL) == 0, "%s can be mounted", device);
}

static void check_beside(void)
{
	char text[6];
	int fd = open("/m/a/small", O_RDWR);

	CHECK(read(fd, text, 6) == 6 && !memcmp(text, "small\n", 6), "another file is as it was");
	CHECK(pwrite(fd, "SMALL\n", 6, 0) == 6 && fsync(fd) == 0, "and can be written");
	CHECK(close(fd) == 0 && umount("/m") == 0, "the disk can be taken out");
}

static void unreadable_directory(void)
{
	struct stat status;
	DIR *directory;

	CHECK_ERRNO(rmdir("/m/d"), EIO);
	CHECK_ERRNO(rename("/m/e", "/m/d"), EIO);
	CHECK_ERRNO(mkdir("/m/d/new", 0755), EIO);
	CHECK_ERRNO(open("/m/d/new", O_CREAT | O_RDWR, 0644), EIO);
	CHECK_ERRNO(stat("/m/d/old", &status), EIO);
	CHECK_ERRNO(unlink("/m/a/b/c/d/deep"), EIO);
	CHECK_ERRNO(rename("/m/a/b/c/d/deep", "/m/deep"), EIO);
	CHECK_ERRNO(rename("/m/a/small", "/m/d/small"), EIO);
	CHECK(stat("/m/a/small", &status) == 0, "what was not moved is where it was");
	directory = opendir("/m/d");
	errno = 0;
	CHECK(directory && !readdir(directory) && errno == EIO, "it cannot be listed");
	closedir(directory);
	CHECK(rename("/m/d", "/m/moved") == 0 && rename("/m/moved", "/m/d") == 0,
	      "but renamed, which does not read it");
	CHECK_ERRNO(rename("/m/d", "/m/a/d"), EIO);
	CHECK(rmdir("/m/e") == 0, "another directory can be removed");
	say("a directory that cannot be read: EIO, and it stays");
}

static void unreadable_pointers(void)
{
	int fd = open("/m/a/big", O_RDWR), pipes[2];
	char byte;
	char *memory = file_map(fd, 60 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	CHECK(pread(fd, &byte, 1, 0) == 1 && byte == 'a', "what the inode names can be read");
	CHECK_ERRNO(pread(fd, &byte, 1, BEHIND), EIO);
	CHECK_ERRNO(pwrite(fd, &byte, 1, BEHIND), EIO);
	CHECK(death_of(read_byte, memory + BEHIND).signal == SIGBUS, "reading: SIGBUS");
	CHECK(death_of(write_byte, memory + BEHIND).signal == SIGBUS, "writing: SIGBUS");
	CHECK(pipe(pipes) == 0, "a pipe");
	CHECK_ERRNO(write(pipes[1], memory + BEHIND, 1), EFAULT);
	CHECK(memory[PAGE] == 'b', "another page of it is mapped");
	CHECK(munmap(memory, 60 * PAGE) == 0, "munmap");
	CHECK_ERRNO(ftruncate(fd, 0), EIO);
	CHECK(close(fd) == 0 && unlink("/m/a/big") == 0, "its name can be removed");
	say("an indirect block that cannot be read: EIO and SIGBUS");
}

static void unreadable_bitmaps(void)
{
	int fd = open("/m/a/sparse", O_RDWR);
	char byte;

	CHECK_ERRNO(open("/m/new", O_CREAT | O_RDWR, 0644), EIO);
	CHECK_ERRNO(mkdir("/m/new", 0755), EIO);
	CHECK_ERRNO(symlink("new", "/m/new"), EIO);
	CHECK_ERRNO(access("/m/new", F_OK), ENOENT);
	CHECK_ERRNO(pwrite(fd, "x", 1, 5 * PAGE), EIO);
	CHECK(pread(fd, &byte, 1, 5 * PAGE) == 1 && byte == 0, "the hole stays one");
	CHECK(pwrite(fd, "x", 1, 0) == 1, "what has a block is written");
	CHECK_ERRNO(ftruncate(fd, 0), EIO);
	CHECK(close(fd) == 0 && unlink("/m/a/sparse") == 0 && rmdir("/m/e") == 0,
	      "names can be removed");
	CHECK(link("/m/a/small", "/m/e") == 0, "and made, of what is there");
	say("bitmaps that cannot be read: EIO for what is new");
}

static void unreadable_inodes(void)
{
	struct stat status;

	CHECK_ERRNO(stat("/m/d", &status), EIO);
	CHECK_ERRNO(open("/m/hard", O_RDONLY), EIO);
	CHECK_ERRNO(rmdir("/m/d"), EIO);
	CHECK_ERRNO(unlink("/m/hard"), EIO);
	CHECK(stat("/m/a", &status) == 0 && rename("/m/a", "/m/A") == 0, "others are there");
	CHECK(umount("/m") == 0, "the disk can be taken out");
	say("inodes that cannot be read: EIO");
}

int main(void)
{
	CHECK(mkdir("/m", 0755) == 0, "a place for disks");
	mount_disk("/dev/vdc");
	unreadable_directory();
	unreadable_pointers();
	check_beside();
	mount_disk("/dev/vdd");
	unreadable_bitmaps();
	check_beside();
	mount_disk("/dev/vde");
	unreadable_inodes();
	return 0;
}
