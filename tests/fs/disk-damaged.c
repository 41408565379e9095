/* SPDX-License-Identifier: MIT */
/*
 * Disks that say what cannot be: a directory that is in itself, or has two parents, an indirect
 * block that names itself, an entry of length 0, inodes of no type, blocks that are said to
 * be free. The call that meets it fails, and from then on the file system is read-only; what is
 * sound can still be read. Every walk ends, and the disk can be taken out and mounted again.
 *
 * pagoda-only: Linux needs a root's right, and goes on writing if the disk wants so.
 * guest: disks="damage:directory-names-itself damage:directory-names-ancestor" pagoda-only
 * guest: disks="damage:directory-has-two-parents damage:indirect-names-itself"
 * guest: disks="damage:file-links-wrong damage:all-marked-free damage:big-outside"
 */
#include <dirent.h>
#include <sys/mount.h>

#include "tests/test.h"

static void mount_disk(const char *device)
{
	CHECK(mount(device, "/m", "ext2", 0, NULL) == 0, "%s can be mounted", device);
}

/* It is known to be damaged: changes are refused, the rest goes on. */
static void check_read_only(const char *device)
{
	char text[6];
	int fd = open("/m/a/small", O_RDONLY);

	CHECK(read(fd, text, 6) == 6 && !memcmp(text, "small\n", 6), "a file can be read");
	CHECK_ERRNO(open("/m/a/small", O_RDWR), EROFS);
	CHECK_ERRNO(mkdir("/m/new", 0755), EROFS);
	CHECK_ERRNO(unlink("/m/hard"), EROFS);
	CHECK_ERRNO(rename("/m/hard", "/m/soft"), EROFS);
	CHECK_ERRNO(rmdir("/m/e"), EROFS);
	CHECK(close(fd) == 0 && umount("/m") == 0, "it can be taken out");
	mount_disk(device);
	CHECK(mkdir("/m/new", 0755) == 0 && rmdir("/m/new") == 0,
	      "mounted again, it is written until the damage is met again");
	CHECK(umount("/m") == 0, "umount");
}

static void names(void)
{
	mount_disk("/dev/vdc");
	CHECK_ERRNO(rmdir("/m/full/one"), ELOOP);
	check_read_only("/dev/vdc");
	mount_disk("/dev/vdc");
	CHECK_ERRNO(rename("/m/full/two", "/m/full/one/two"), ELOOP);
	check_read_only("/dev/vdc");

	mount_disk("/dev/vdd");
	CHECK_ERRNO(rename("/m/a/b/c/d/deep", "/m/shallow"), ELOOP);
	check_read_only("/dev/vdd");
	say("a directory in itself: ELOOP");

	int fd;
	mount_disk("/dev/vde");
	CHECK((fd = open("/m/a/b", O_RDONLY)) >= 0, "a directory is opened by its first name");
	CHECK_ERRNO(rename("/m/full/two", "/m/a/b/c/two"), EIO);
	CHECK(close(fd) == 0, "close");
	check_read_only("/dev/vde");
	say("a directory with two names: EIO");
}

static void pointers(void)
{
	char byte;
	int fd;

	mount_disk("/dev/vdf");
	CHECK(unlink("/m/a/sparse") == 0, "the name is removed, and the file with it: that ends");
	check_read_only("/dev/vdf");
	say("an indirect block that names itself: an end");

	mount_disk("/dev/vdi");
	CHECK((fd = open("/m/a/big", O_RDWR)) >= 0, "the file can be opened");
	char *memory = file_map(fd, 60 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	CHECK(death_of(read_byte, memory + 50 * PAGE).signal == SIGBUS, "a page of it: SIGBUS");
	CHECK_ERRNO(pread(fd, &byte, 1, 51 * PAGE), EIO);
	CHECK(pread(fd, &byte, 1, 52 * PAGE) == 1, "others can be read");
	CHECK(munmap(memory, 60 * PAGE) == 0 && close(fd) == 0, "close");
	check_read_only("/dev/vdi");
	say("a block outside the disk: SIGBUS and EIO");
}

static void counts(void)
{
	struct stat status;
	int fd;

	mount_disk("/dev/vdg");
	CHECK((fd = open("/m/hard", O_RDONLY)) >= 0 && stat("/m/a/small", &status) == 0,
	      "both names are known");
	CHECK(unlink("/m/hard") == 0, "one is removed: by its links the last one");
	CHECK_ERRNO(unlink("/m/a/small"), EIO);
	CHECK_ERRNO(mkdir("/m/new", 0755), EROFS);
	CHECK(fstat(fd, &status) == 0 && status.st_nlink == 0, "its links did not fall below none");
	CHECK(close(fd) == 0 && umount("/m") == 0, "it can be taken out");
	say("more names than links: EIO");

	mount_disk("/dev/vdh");
	CHECK(stat("/m/a", &status) == 0, "a directory is known");
	CHECK_ERRNO(open("/m/new", O_CREAT | O_RDWR, 0644), EIO);
	check_read_only("/dev/vdh");
	say("used, and said to be free: EIO");
}

int main(void)
{
	CHECK(mkdir("/m", 0755) == 0, "a place for disks");
	names();
	pointers();
	counts();
	return 0;
}
