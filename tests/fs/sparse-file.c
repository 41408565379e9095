/* SPDX-License-Identifier: MIT */
/*
 * A file with holes: what was never written reads as zeros and takes no blocks; filling a hole
 * later works.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	static const off_t places[] = {0, 60000, 300000, 5000000, 9000000};
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
	static char page[PAGE];
	struct stat status;

	for (uint32_t i = 0; i < 5; i++) {
		page_fill(page, i);
		CHECK(pwrite(fd, page, PAGE, places[i]) == (ssize_t)PAGE, "a page at %d",
		      (int)places[i]);
	}
	CHECK(fstat(fd, &status) == 0 && status.st_size == 9000000 + (off_t)PAGE, "its size");
	CHECK(fsync(fd) == 0 && fstat(fd, &status) == 0, "sync");
	CHECK(status.st_blocks >= 5 * 8 && status.st_blocks < 1000, "its blocks: %d",
	      (int)status.st_blocks);
	for (uint32_t i = 0; i < 5; i++) {
		CHECK(pread(fd, page, PAGE, places[i]) == (ssize_t)PAGE && page_has(page, i),
		      "page %u", i);
		if (i < 4) {
			CHECK(pread(fd, page, PAGE, places[i] + PAGE) == (ssize_t)PAGE,
			      "behind it");
			CHECK(all_bytes_are(page, PAGE, 0), "lies a hole");
		}
	}
	CHECK(pwrite(fd, "in the hole", 11, 2000001) == 11, "write into a hole");
	CHECK(pread(fd, page, PAGE, 2000000) == (ssize_t)PAGE, "read around it");
	CHECK(page[0] == 0 && memcmp(page + 1, "in the hole", 11) == 0 &&
	      all_bytes_are(page + 12, PAGE - 12, 0), "with zeros on both sides");
	CHECK(pread(fd, page, PAGE, 9000000) == (ssize_t)PAGE && page_has(page, 4),
	      "the end is there");
	say("9 MB in %d blocks", (int)status.st_blocks);
	return 0;
}
