/* SPDX-License-Identifier: MIT */
/*
 * A file system in a file, where memory is short and cannot be swapped: its dirty pages are written
 * by pages of the file, for which there must be room all the same. Programs write and map more than
 * there is memory, here and there at once, while others fill memory; all ends, and all bytes are
 * there. The same on a device on a device, and on a file of tmpfs.
 *
 * pagoda-only: it fills memory until there is none.
 * guest: mem=8 swap=0 timeout=120 writes pagoda-only
 */
#include "tests/test.h"

#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#define WRITERS 3u
#define FILE_PAGES 768u /* a writer's: all of them have more than memory */
#define HOG_BYTES (2 * MIB)

static void run(const char *const *arguments)
{
	pid_t child = fork_checked();

	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execv("/bin/busybox", (char *const *)arguments);
		_exit(127);
	}
	wait_success(child);
}
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* The device that the file is bound to from now on, until nobody uses it; open. */
static int bind_file(const char *file, char path[32])
{
	struct loop_info64 info = {.lo_flags = LO_FLAGS_AUTOCLEAR};
	int control = open("/dev/loop-control", O_RDWR), fd = open(file, O_RDWR);
	int number = ioctl(control, LOOP_CTL_GET_FREE);

	CHECK(number >= 0 && fd >= 0, "a device, and %s", file);
	snprintf(path, 32, "/dev/loop%d", number);
	int device = open(path, O_RDWR);
	CHECK(ioctl(device, LOOP_SET_FD, fd) == 0, "LOOP_SET_FD");
	CHECK(ioctl(device, LOOP_SET_STATUS64, &info) == 0, "it clears itself");
	close(control);
	close(fd);
	return device;
}

/* Makes a file system of so many bytes in the file, and mounts it. */
static void file_system(const char *image, uint32_t bytes, const char *place)
{
	char path[32];
	int fd = open(image, O_RDWR | O_CREAT, 0600);

	CHECK(fd >= 0 && ftruncate(fd, bytes) == 0, "an image");
	close(fd);
	RUN("mke2fs", "-F", "-b", "4096", image);
	CHECK(mkdir(place, 0755) == 0, "a place");
	fd = bind_file(image, path);
	CHECK(mount(path, place, "ext2", 0, NULL) == 0, "mount");
	close(fd);
}

/* Half of the pages by write(2), half by a mapping, in turns. */
static void write_file(const char *path, uint32_t pages, uint32_t seed)
{
	char page[PAGE];
	int fd = open(path, O_RDWR | O_CREAT, 0644);

	CHECK(fd >= 0 && ftruncate(fd, pages * PAGE) == 0, "%s", path);
	char *map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "it is mapped");
	for (uint32_t i = 0; i < pages; i++) {
		page_fill(page, seed + i);
		if (i / 16 % 2)
			memcpy(map + i * PAGE, page, PAGE);
		else
			CHECK(pwrite(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "page %u", i);
	}
	CHECK(munmap(map, pages * PAGE) == 0 && close(fd) == 0, "it is let go");
}

static void check_file(const char *path, uint32_t pages, uint32_t seed)
{
	char page[PAGE];
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0, "%s", path);
	for (uint32_t i = 0; i < pages; i++) {
		CHECK(read(fd, page, PAGE) == (ssize_t)PAGE, "page %u is read", i);
		CHECK(page_has(page, seed + i), "page %u of %s is what was written", i, path);
	}
	close(fd);
}

/* Takes memory, and gives it back, again and again. It may be killed for it. */
static pid_t hog_start(void)
{
	pid_t child = fork_checked();

	if (child)
		return child;
	FILE *score = fopen("/proc/self/oom_score_adj", "w");
	CHECK(score && fputs("1000", score) >= 0 && fclose(score) == 0, "oom_score_adj");
	for (;;) {
		char *memory = memory_map(HOG_BYTES, PROT_READ | PROT_WRITE);
		for (uint32_t i = 0; i < HOG_BYTES; i += PAGE)
			memory[i] = 1;
		munmap(memory, HOG_BYTES);
	}
}

static void name_of(char name[32], const char *place, uint32_t writer)
{
	snprintf(name, 32, "%s/file%u", place, writer);
}

/* Several write at once below `places`, in turn, and one to the disk. */
static void write_all(const char *const *places, uint32_t count, uint32_t pages, uint32_t writers)
{
	pid_t children[WRITERS + 1], hog = hog_start();
	char name[32];

	for (uint32_t i = 0; i < writers; i++) {
		children[i] = fork_checked();
		if (children[i] == 0) {
			name_of(name, places[i % count], i);
			write_file(name, pages, i * pages);
			_exit(0);
		}
	}
	for (uint32_t i = 0; i < writers; i++)
		wait_success(children[i]);
	kill(hog, SIGKILL);
	waitpid(hog, NULL, 0);
	for (uint32_t i = 0; i < writers; i++) {
		name_of(name, places[i % count], i);
		check_file(name, pages, i * pages);
	}
}

int main(void)
{
	static const char *const one[] = {"one"}, *const two[] = {"two", "one", "."},
	           *const memory[] = {"three"};
	char image[] = "one/image";

	file_system("image", 24 * MIB, "one");
	write_all(one, 1, FILE_PAGES, WRITERS);
	say("a file system in a file");
	for (uint32_t i = 0; i < WRITERS; i++) {
		char name[32];
		name_of(name, "one", i);
		CHECK(unlink(name) == 0, "unlink");
	}
	file_system(image, 8 * MIB, "two");
	write_all(two, 3, FILE_PAGES, WRITERS);
	sync();
	say("one in a file of that, both at once, and the disk's");
	CHECK(umount("two") == 0 && umount("one") == 0, "umount");
	CHECK(mkdir("memory", 0755) == 0 && mount("m", "memory", "tmpfs", 0, NULL) == 0, "tmpfs");
	file_system("memory/image", 2 * MIB, "three");
	write_all(memory, 1, 256, 1);
	CHECK(umount("three") == 0 && umount("memory") == 0, "umount");
	say("one in a file in memory");
	return 0;
}
