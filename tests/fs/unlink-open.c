/* SPDX-License-Identifier: MIT */
/*
 * A file that is removed while it is open lives until it is closed, and its blocks come back then.
 *
 * guest: writes
 */
#include "tests/test.h"

#include <sys/statfs.h>

static long block_size;

static long free_blocks(void)
{
	struct statfs status;

	sync();
	CHECK(statfs(".", &status) == 0, "statfs");
	block_size = status.f_bsize;
	return status.f_bfree;
}

int main(void)
{
	long before = free_blocks(), during, after;
	static char page[PAGE];
	int fd = file_make("data", 500, 1);

	CHECK(unlink("data") == 0, "remove it");
	CHECK_ERRNO(open("data", O_RDONLY), ENOENT);
	during = free_blocks();
	for (uint32_t i = 0; i < 500; i++)
		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE && page_has(page, 1 + i),
		      "page %u", i);
	page_fill(page, 9);
	CHECK(pwrite(fd, page, PAGE, 500 * PAGE) == (ssize_t)PAGE, "it can grow still");
	CHECK(lseek(fd, 0, SEEK_END) == 501 * PAGE, "to 501 pages");
	CHECK(close(fd) == 0, "close it");
	after = free_blocks();
	if (machine_is_ours()) {
		CHECK((before - during) * block_size >= 500 * (long)PAGE,
		      "it took %ld blocks while open", before - during);
		CHECK(after == before, "all are free again: %ld of %ld", after, before);
	}
	say("a nameless file lived until it was closed");
	return 0;
}
