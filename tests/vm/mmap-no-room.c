/* SPDX-License-Identifier: MIT */
/*
 * A shared mapping of a hole, on a file system that is full: a write is SIGBUS, each time, and the
 * hole is one still, which read(2) sees. When there is room again the same page can be written.
 *
 * guest: linux-root
 */
#include "tests/test.h"

#include <sys/mount.h>

static char page[PAGE];

static void write_first(void *place)
{
	*(volatile char *)place = 'x';
}

static void fill(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	CHECK(fd >= 0, "create %s", name);
	while (write(fd, page, PAGE) == (ssize_t)PAGE)
		;
	CHECK(errno == ENOSPC && close(fd) == 0, "it is full");
}

int main(void)
{
	CHECK(mkdir("small", 0755) == 0 && mount("none", "small", "tmpfs", 0, "size=32k") == 0,
	      "a small file system");
	int fd = open("small/hole", O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0 && ftruncate(fd, 3 * PAGE) == 0, "a hole takes no room");
	fill("small/rest");
	char *memory = file_map(fd, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(death_of(write_first, memory + i * PAGE).signal == SIGBUS, "no room: SIGBUS");
		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE &&
		      all_bytes_are(page, PAGE, 0), "page %u is a hole still", i);
		CHECK(death_of(write_first, memory + i * PAGE).signal == SIGBUS,
		      "nor after it was read");
	}
	CHECK(unlink("small/rest") == 0, "room again");
	for (uint32_t i = 0; i < 3; i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t i = 0; i < 3; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u", i);
	CHECK(munmap(memory, 3 * PAGE) == 0 && close(fd) == 0 && unlink("small/hole") == 0 &&
	      umount("small") == 0 && rmdir("small") == 0, "take it down");
	say("a page for which there is no room is not the program's");
	return 0;
}
