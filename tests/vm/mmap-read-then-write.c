/* SPDX-License-Identifier: MIT */
/*
 * Pages of a shared mapping that are read first and written later, also where the file has a hole:
 * what was written is in the file when it is mapped no more, and on the disk.
 *
 * guest: mem=8 writes
 */
#include "tests/test.h"

#define COUNT 32u

/* Every other page is a hole. */
static int file_with_holes(void)
{
	static uint32_t page[PAGE / 4];
	int fd = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && ftruncate(fd, COUNT * PAGE) == 0, "a file of %u pages", COUNT);
	for (uint32_t i = 0; i < COUNT; i += 2) {
		page_fill(page, i);
		CHECK(pwrite(fd, page, PAGE, (off_t)(i * PAGE)) == (ssize_t)PAGE, "page %u", i);
	}
	CHECK(fsync(fd) == 0, "it is on the disk");
	return fd;
}

int main(void)
{
	static uint32_t page[PAGE / 4];
	int fd = file_with_holes();
	char *memory = file_map(fd, COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(i % 2 ? all_bytes_are(memory + i * PAGE, PAGE, 0)
		            : page_has(memory + i * PAGE, i), "page %u is read", i);
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, 100 + i);
	CHECK(munmap(memory, COUNT * PAGE) == 0, "the mapping goes");
	CHECK(fsync(fd) == 0, "and the pages to the disk");
	CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0, "and out of the page cache");
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(pread(fd, page, PAGE, (off_t)(i * PAGE)) == (ssize_t)PAGE &&
		      page_has(page, 100 + i), "page %u has what was written", i);
	struct stat status;
	CHECK(fstat(fd, &status) == 0 && status.st_blocks >= COUNT * PAGE / 512,
	      "the holes have blocks now: %ld", (long)status.st_blocks);
	unlink("holes");
	say("%u pages were read, then written, half of them holes", COUNT);
	return 0;
}
