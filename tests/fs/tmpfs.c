/* SPDX-License-Identifier: MIT */
/*
 * /dev/shm is a file system in memory: files can be made, mapped, linked, listed and removed, and
 * their memory goes to swap like any: 10 MiB in a guest with 8.
 *
 * guest: mem=8 swap=32 timeout=60
 */
#include "tests/test.h"

#define COUNT PAGES(10 * MIB)

int main(void)
{
	static char page[PAGE];
	char name[64], other[80];
	struct stat status;
	char *memory;
	int fd;

	snprintf(name, sizeof(name), "/dev/shm/pagoda-%d", getpid());
	snprintf(other, sizeof(other), "%s-renamed", name);
	fd = file_make(name, COUNT, 1);
	CHECK(fstat(fd, &status) == 0 && status.st_size == 10 * MIB, "10 MiB");
	memory = file_map(fd, COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	for (uint32_t i = 0; i < COUNT; i++) {
		CHECK(page_has(memory + i * PAGE, 1 + i), "page %u in the mapping", i);
		if (i % 3 == 0)
			page_fill(memory + i * PAGE, 70000 + i);
	}
	CHECK(rename(name, other) == 0 && link(other, name) == 0, "rename and link");
	for (uint32_t i = 0; i < COUNT; i++) {
		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "read page %u", i);
		CHECK(page_has(page, i % 3 == 0 ? 70000 + i : 1 + i), "page %u", i);
	}
	CHECK(ftruncate(fd, 100) == 0, "cut it");
	CHECK_DIES(read_byte, memory + PAGE, SIGBUS, BUS_ADRERR, memory + PAGE);
	CHECK(unlink(name) == 0 && unlink(other) == 0, "remove both names");
	CHECK_ERRNO(open(name, O_RDONLY), ENOENT);
	CHECK(fstat(fd, &status) == 0 && status.st_nlink == 0 && status.st_size == 100,
	      "it lives on");
	say("10 MiB of files in memory");
	return 0;
}
