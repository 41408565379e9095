/* SPDX-License-Identifier: MIT */
/*
 * Loop devices, as loop(4) has them: what is written to one is in its file and the other way round;
 * offset, size limit, the read-only ones, those that clear themselves; what is refused. A file
 * system in a file is mounted; a device may lie on another; a file that is cut below a device is
 * an error of who reads there. The host looks at the image afterwards.
 *
 * pagoda-only: loop devices are the whole machine's, and somebody else may use them there.
 * guest: mem=16 swap=0 timeout=60 writes pagoda-only
 */
#include "tests/test.h"

#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#define SIZE (64u * PAGE)

static int control = -1;

static int image_make(const char *path, uint32_t bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && ftruncate(fd, bytes) == 0, "%s of %u bytes", path, bytes);
	return fd;
}

/* A device that nobody uses, open; its path goes to `path`. */
static int device_open(char path[32], int flags)
{
	int number = ioctl(control, LOOP_CTL_GET_FREE);

	CHECK(number >= 0, "there is a free device");
	snprintf(path, 32, "/dev/loop%d", number);
	int fd = open(path, flags);
	CHECK(fd >= 0, "%s opens", path);
	return fd;
}

static uint64_t device_bytes(int device)
{
	uint64_t bytes;

	CHECK(ioctl(device, BLKGETSIZE64, &bytes) == 0, "its size");
	return bytes;
}

static void run(const char *const *arguments)
{
	pid_t child = fork_checked();

	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execv("/bin/busybox", (char *const *)arguments);
		execvp(arguments[0], (char *const *)arguments); /* a Linux without it */
		_exit(127);
	}
	wait_success(child);
}
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* What one of the two writes, the other reads. */
static void bytes_go_through(void)
{
	char path[32], page[PAGE];
	int file = image_make("plain", SIZE), device = device_open(path, O_RDWR);
	struct loop_info64 info;

	CHECK_ERRNO(ioctl(device, LOOP_GET_STATUS64, &info), ENXIO);
	CHECK_ERRNO(ioctl(device, LOOP_CLR_FD, 0), ENXIO);
	CHECK_ERRNO(ioctl(device, LOOP_SET_CAPACITY, 0), ENXIO);
	CHECK_ERRNO(ioctl(device, LOOP_SET_FD, -1), EBADF);
	CHECK_ERRNO(ioctl(device, LOOP_SET_FD, device), EBADF);
	CHECK(ioctl(device, LOOP_SET_FD, file) == 0, "LOOP_SET_FD");
	CHECK_ERRNO(ioctl(device, LOOP_SET_FD, file), EBUSY);
	CHECK(device_bytes(device) == SIZE, "it is as long as the file");

	page_fill(page, 1);
	CHECK(pwrite(device, page, PAGE, 5 * PAGE) == (ssize_t)PAGE, "a page is written");
	CHECK(fsync(device) == 0, "fsync");
	memset(page, 0, PAGE);
	CHECK(pread(file, page, PAGE, 5 * PAGE) == (ssize_t)PAGE, "the file is read");
	CHECK(page_has(page, 1), "what was written");
	page_fill(page, 2);
	CHECK(pwrite(file, page, PAGE, 9 * PAGE) == (ssize_t)PAGE, "the file is written");
	memset(page, 0, PAGE);
	CHECK(pread(device, page, PAGE, 9 * PAGE) == (ssize_t)PAGE, "the device is read");
	CHECK(page_has(page, 2), "what was written");
	CHECK_ERRNO(pwrite(device, page, 1, SIZE), ENOSPC);
	CHECK(pread(device, page, 1, SIZE) == 0, "behind its end there is nothing");

	CHECK(ioctl(device, LOOP_CLR_FD, 0) == 0, "LOOP_CLR_FD");
	close(device);
	device = open(path, O_RDWR);
	CHECK(device_bytes(device) == 0, "it is empty again");
	CHECK_ERRNO(ioctl(device, LOOP_GET_STATUS64, &info), ENXIO);
	close(device);
	close(file);
	say("a device and its file have the same bytes");
}

static void status(void)
{
	char path[32], page[PAGE];
	int file = image_make("shifted", 10 * PAGE + 700), device = device_open(path, O_RDWR);
	struct loop_info64 info = {.lo_offset = PAGE + 512, .lo_sizelimit = 2 * PAGE + 100,
	                           .lo_file_name = "a name", .lo_flags = LO_FLAGS_AUTOCLEAR};
	struct loop_info old;
	struct stat stat;

	CHECK(ioctl(device, LOOP_SET_FD, file) == 0, "LOOP_SET_FD");
	CHECK(device_bytes(device) == 10 * PAGE + 512, "whole sectors alone");
	CHECK(pread(device, page, PAGE, 10 * PAGE) == 512, "of the last page that much");
	CHECK(pwrite(device, "end", 3, 10 * PAGE + 509) == 3 && fsync(device) == 0, "its end");
	CHECK(pread(file, page, 3, 10 * PAGE + 509) == 3 && !memcmp(page, "end", 3), "is the file's");
	CHECK(ioctl(device, LOOP_SET_STATUS64, &info) == 0, "LOOP_SET_STATUS64");
	CHECK(device_bytes(device) == 2 * PAGE, "the limit, in sectors");
	memset(&info, 0xff, sizeof(info));
	CHECK(ioctl(device, LOOP_GET_STATUS64, &info) == 0, "LOOP_GET_STATUS64");
	CHECK(fstat(file, &stat) == 0 && info.lo_inode == stat.st_ino &&
	      info.lo_device == stat.st_dev, "it tells which file");
	CHECK(info.lo_offset == PAGE + 512 && info.lo_sizelimit == 2 * PAGE + 100 &&
	      info.lo_flags == LO_FLAGS_AUTOCLEAR && !info.lo_encrypt_type &&
	      !strcmp((char *)info.lo_file_name, "a name"), "and what was set");
	CHECK(ioctl(device, LOOP_GET_STATUS, &old) == 0 && old.lo_offset == (int)PAGE + 512 &&
	      !strcmp(old.lo_name, "a name"), "LOOP_GET_STATUS tells the same");
	page_fill(page, 3);
	CHECK(pwrite(device, page, PAGE, PAGE - 512) == (ssize_t)PAGE && fsync(device) == 0,
	      "written");
	memset(page, 0, PAGE);
	CHECK(pread(file, page, PAGE, 2 * PAGE) == (ssize_t)PAGE, "read from where it is");
	CHECK(page_has(page, 3), "what was written");

	info.lo_sizelimit = 0;
	info.lo_offset = 1ull << 63;
	CHECK_ERRNO(ioctl(device, LOOP_SET_STATUS64, &info), EOVERFLOW);
	info.lo_offset = 100 * PAGE;
	CHECK(ioctl(device, LOOP_SET_STATUS64, &info) == 0 && device_bytes(device) == 0,
	      "an offset behind the end leaves nothing");
	info.lo_offset = 0;
	CHECK(ioctl(device, LOOP_SET_STATUS64, &info) == 0, "all of it again");
	CHECK(ftruncate(file, 20 * PAGE) == 0 && device_bytes(device) == 10 * PAGE + 512,
	      "the file may grow");
	CHECK(ioctl(device, LOOP_SET_CAPACITY, 0) == 0 && device_bytes(device) == 20 * PAGE,
	      "LOOP_SET_CAPACITY looks how long it is");
	close(device); /* LO_FLAGS_AUTOCLEAR */
	device = open(path, O_RDONLY);
	CHECK_ERRNO(ioctl(device, LOOP_GET_STATUS64, &info), ENXIO);
	close(device);
	close(file);
	say("offset, limit, capacity; it clears itself when nobody uses it");
}

static void configure(void)
{
	char path[32], byte = 1;
	int file = image_make("configured", SIZE), other = image_make("other", SIZE);
	int shorter = image_make("shorter", PAGE), device = device_open(path, O_RDWR), size;
	struct loop_config config = {.fd = file, .block_size = 1000};

	CHECK_ERRNO(ioctl(device, LOOP_CONFIGURE, &config), EINVAL);
	config.block_size = 1024;
	config.info.lo_offset = PAGE;
	config.info.lo_flags = LO_FLAGS_READ_ONLY;
	CHECK(ioctl(device, LOOP_CONFIGURE, &config) == 0, "LOOP_CONFIGURE");
	CHECK(device_bytes(device) == SIZE - PAGE, "with an offset");
	CHECK(ioctl(device, BLKSSZGET, &size) == 0 && size == 1024, "and a size of sectors");
	CHECK(ioctl(device, BLKROGET, &size) == 0 && size == 1, "read-only");
	close(device);
	device = open(path, O_RDONLY);
	CHECK(pread(device, &byte, 1, 0) == 1 && byte == 0, "the file's zeros");
	CHECK(pwrite(other, "x", 1, PAGE) == 1, "another file");
	CHECK_ERRNO(ioctl(device, LOOP_CHANGE_FD, shorter), EINVAL);
	CHECK(ioctl(device, LOOP_CHANGE_FD, other) == 0, "LOOP_CHANGE_FD");
	CHECK(ioctl(device, BLKFLSBUF, 0) == 0, "what was read is forgotten");
	close(device);
	device = open(path, O_RDONLY);
	CHECK(pread(device, &byte, 1, 0) == 1 && byte == 'x', "it is read from now on");
	CHECK(ioctl(device, LOOP_CLR_FD, 0) == 0, "LOOP_CLR_FD");
	close(device);

	/* A file that is open for reading alone. */
	int reading = open("other", O_RDONLY);
	device = device_open(path, O_RDWR);
	CHECK(ioctl(device, LOOP_SET_FD, reading) == 0, "LOOP_SET_FD");
	CHECK(ioctl(device, BLKROGET, &size) == 0 && size == 1, "read-only");
	CHECK_ERRNO(ioctl(device, LOOP_CHANGE_FD, -1), EBADF);
	CHECK(ioctl(device, LOOP_CLR_FD, 0) == 0, "LOOP_CLR_FD");
	close(device);
	int pipes[2];
	CHECK(pipe(pipes) == 0, "a pipe");
	device = device_open(path, O_RDWR);
	CHECK_ERRNO(ioctl(device, LOOP_SET_FD, pipes[0]), EINVAL);
	close(device);
	close(reading), close(file), close(other), close(shorter);
	say("LOOP_CONFIGURE, LOOP_CHANGE_FD; what cannot be written");
}

static void add_and_remove(void)
{
	char path[32], page[PAGE];
	int number = 77, device;

	CHECK(ioctl(control, LOOP_CTL_ADD, number) == number, "LOOP_CTL_ADD");
	CHECK_ERRNO(ioctl(control, LOOP_CTL_ADD, number), EEXIST);
	snprintf(path, sizeof(path), "/dev/loop%d", number);
	CHECK((device = open(path, O_RDWR)) >= 0, "it is there");
	CHECK_ERRNO(ioctl(control, LOOP_CTL_REMOVE, number), EBUSY);
	close(device);
	CHECK(ioctl(control, LOOP_CTL_REMOVE, number) >= 0, "LOOP_CTL_REMOVE");
	CHECK_ERRNO(ioctl(control, LOOP_CTL_REMOVE, number), ENODEV);
	CHECK(open(path, O_RDWR) < 0, "it is gone");
	CHECK_ERRNO(ioctl(control, 0x4c79, 0), ENOSYS);
	CHECK_ERRNO(read(control, page, 1), EINVAL);
	say("devices come and go");
}

/* A device on a device on a file. */
static void nested(void)
{
	char lower_path[32], upper_path[32], page[PAGE];
	int file = image_make("nested", SIZE), lower = device_open(lower_path, O_RDWR);

	CHECK(ioctl(lower, LOOP_SET_FD, file) == 0, "LOOP_SET_FD");
	int upper = device_open(upper_path, O_RDWR);
	CHECK(strcmp(lower_path, upper_path) != 0, "another is free");
	CHECK(ioctl(upper, LOOP_SET_FD, lower) == 0, "LOOP_SET_FD of a device");
	page_fill(page, 7);
	CHECK(pwrite(upper, page, PAGE, PAGE) == (ssize_t)PAGE && fsync(upper) == 0, "written");
	memset(page, 0, PAGE);
	CHECK(pread(file, page, PAGE, PAGE) == (ssize_t)PAGE, "read");
	CHECK(page_has(page, 7), "what was written");
	CHECK(ioctl(upper, LOOP_CLR_FD, 0) == 0, "LOOP_CLR_FD");
	close(upper);
	CHECK(ioctl(lower, LOOP_CLR_FD, 0) == 0, "LOOP_CLR_FD");
	close(lower);
	close(file);
	say("a device may lie on another");
}

/* What is not there any more cannot be read. */
static void cut(void)
{
	char path[32], page[PAGE];
	int file = image_make("cut", SIZE), device = device_open(path, O_RDWR);

	CHECK(ioctl(device, LOOP_SET_FD, file) == 0, "LOOP_SET_FD");
	CHECK(ftruncate(file, 8 * PAGE) == 0, "the file is cut");
	CHECK(pread(device, page, PAGE, 7 * PAGE) == (ssize_t)PAGE, "what is there is read");
	CHECK_ERRNO(pread(device, page, PAGE, 40 * PAGE), EIO);
	CHECK(ioctl(device, LOOP_SET_CAPACITY, 0) == 0 && device_bytes(device) == 8 * PAGE,
	      "and it can be told");
	CHECK(ioctl(device, LOOP_CLR_FD, 0) == 0, "LOOP_CLR_FD");
	close(device);
	close(file);
	say("a file that is cut below its device");
}

static void use_mounted(void)
{
	char page[PAGE];

	CHECK(mkdir("there/folder", 0755) == 0, "a folder");
	int fd = open("there/folder/file", O_RDWR | O_CREAT, 0644);
	for (uint32_t i = 0; i < 100; i++) {
		page_fill(page, i);
		CHECK(write(fd, page, PAGE) == (ssize_t)PAGE, "a page is written");
	}
	CHECK(fsync(fd) == 0, "fsync");
	close(fd);
}

static void check_mounted(void)
{
	char page[PAGE];
	int fd = open("there/folder/file", O_RDONLY);

	for (uint32_t i = 0; i < 100; i++) {
		CHECK(read(fd, page, PAGE) == (ssize_t)PAGE, "a page is read");
		CHECK(page_has(page, i), "what was written");
	}
	close(fd);
}

static void file_system(const char *image, bool on_tmpfs)
{
	char path[32];
	int file = image_make(image, 4 * MIB), device;
	struct loop_info64 info = {.lo_flags = LO_FLAGS_AUTOCLEAR};

	RUN("mke2fs", "-F", "-b", "4096", image);
	for (int turn = 0; turn < 2; turn++) {
		device = device_open(path, O_RDWR);
		CHECK(ioctl(device, LOOP_SET_FD, file) == 0, "LOOP_SET_FD");
		CHECK(ioctl(device, LOOP_SET_STATUS64, &info) == 0, "it clears itself");
		CHECK(mount(path, "there", "ext2", 0, NULL) == 0, "mount");
		close(device);
		if (turn == 0)
			use_mounted();
		check_mounted();
		CHECK(umount("there") == 0, "umount");
		device = open(path, O_RDONLY);
		CHECK_ERRNO(ioctl(device, LOOP_GET_STATUS64, &info), ENXIO);
		close(device);
	}
	close(file);
	say("a file system in a file%s", on_tmpfs ? " of tmpfs" : "");
}

/* As people do it. */
static void by_busybox(void)
{
	RUN("mount", "-t", "ext2", "-o", "loop", "image", "there");
	check_mounted();
	CHECK(unlink("there/folder/file") == 0, "unlink");
	RUN("umount", "there");
	RUN("mount", "-t", "ext2", "-o", "loop,ro", "image", "there");
	CHECK_ERRNO(mkdir("there/other", 0755), EROFS);
	RUN("umount", "there");
	RUN("losetup", "/dev/loop5", "image");
	RUN("losetup", "-d", "/dev/loop5");
	say("mount -o loop, losetup");
}

int main(void)
{
	control = open("/dev/loop-control", O_RDWR);
	CHECK(control >= 0, "/dev/loop-control");
	bytes_go_through();
	status();
	configure();
	add_and_remove();
	nested();
	cut();
	CHECK(mkdir("there", 0755) == 0 && mkdir("memory", 0755) == 0, "places");
	file_system("image", false);
	if (access("/bin/busybox", X_OK) == 0)
		by_busybox();
	CHECK(mount("memory", "memory", "tmpfs", 0, NULL) == 0, "a tmpfs");
	file_system("memory/image", true);
	CHECK(umount("memory") == 0, "umount");
	close(control);
	return 0;
}
