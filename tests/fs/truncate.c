/* SPDX-License-Identifier: MIT */
/*
 * truncate(2) cuts a file and lets it grow: what was cut is gone, what is added reads as zeros,
 * blocks are given back.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 400, 100);
	static char page[PAGE];
	struct stat full, cut;

	CHECK(fsync(fd) == 0 && fstat(fd, &full) == 0 && full.st_blocks >= 3200,
	      "1.6 MB on the disk");
	CHECK(ftruncate(fd, 5 * PAGE + 10) == 0 && fstat(fd, &cut) == 0, "cut in the sixth page");
	CHECK(cut.st_size == 5 * PAGE + 10 && cut.st_blocks < 100, "blocks: %d",
	      (int)cut.st_blocks);
	CHECK(pread(fd, page, PAGE, 5 * PAGE) == 10, "ten bytes of the sixth page");
	CHECK(*(uint32_t *)page == pattern(105, 0), "the right ones");
	CHECK(pread(fd, page, PAGE, 6 * PAGE) == 0, "nothing behind");
	CHECK(truncate("data", 20 * PAGE) == 0 && fstat(fd, &cut) == 0, "grow by name");
	CHECK(cut.st_size == 20 * PAGE, "the new size");
	CHECK(pread(fd, page, PAGE, 5 * PAGE) == (ssize_t)PAGE, "the sixth page is whole");
	CHECK(all_bytes_are(page + 10, PAGE - 10, 0), "with zeros where it was cut");
	CHECK(pread(fd, page, PAGE, 19 * PAGE) == (ssize_t)PAGE && all_bytes_are(page, PAGE, 0),
	      "zeros");
	CHECK(pread(fd, page, PAGE, 4 * PAGE) == (ssize_t)PAGE && page_has(page, 104),
	      "the fifth page");
	CHECK(ftruncate(fd, 0) == 0 && fstat(fd, &cut) == 0 && cut.st_blocks == 0, "to nothing");
	CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
	CHECK_ERRNO(truncate("missing", 0), ENOENT);
	CHECK_ERRNO(truncate(".", 0), EISDIR);
	CHECK_ERRNO(ftruncate(open("data", O_RDONLY), 0), EINVAL);
	say("cut, grown, emptied");
	return 0;
}
