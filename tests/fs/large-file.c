/* SPDX-License-Identifier: MIT */
/*
 * A file of 20 MiB, which needs indirect and doubly indirect blocks, is written, read back and
 * checked while the guest has 16 MiB; cut down and removed, it gives back its blocks.
 *
 * guest: mem=16 swap=8 timeout=60 writes
 */
#include "tests/test.h"

#include <sys/statfs.h>

#define COUNT PAGES(20 * MIB)

int main(void)
{
	struct statfs before, after;
	static char page[PAGE];
	struct stat status;
	int fd;

	sync();
	CHECK(statfs(".", &before) == 0, "statfs");
	fd = file_make("data", COUNT, 1000);
	CHECK(fstat(fd, &status) == 0 && status.st_size == 20 * MIB, "20 MiB");
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t at = i * 1237 % COUNT; /* in another order, every page once */

		CHECK(pread(fd, page, PAGE, at * PAGE) == (ssize_t)PAGE, "read page %u", at);
		CHECK(page_has(page, 1000 + at), "page %u", at);
	}
	CHECK(fsync(fd) == 0 && fstat(fd, &status) == 0, "sync");
	CHECK(status.st_blocks >= 40960 && status.st_blocks < 41500, "blocks: %d",
	      (int)status.st_blocks);
	CHECK(ftruncate(fd, 300 * 1024) == 0, "cut it to 300 KiB, among the indirect blocks");
	CHECK(pread(fd, page, PAGE, 74 * PAGE) == (ssize_t)PAGE && page_has(page, 1074),
	      "the rest is well");
	CHECK(close(fd) == 0 && unlink("data") == 0, "remove it");
	sync();
	CHECK(statfs(".", &after) == 0, "statfs");
	if (machine_is_ours())
		CHECK(after.f_bfree == before.f_bfree, "all blocks are free again");
	say("20 MiB and back");
	return 0;
}
