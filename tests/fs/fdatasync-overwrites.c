/* SPDX-License-Identifier: MIT */
/*
 * fdatasync(2) after pages were written over, of a file whose size and blocks the disk knows
 * already, writes these pages and nothing else: the times can wait. If the file has grown, what
 * says where it grew goes along.
 *
 * pagoda-only: the root disk's name, and what else Linux writes to it meanwhile.
 * guest: pagoda-only
 */
#include "tests/disk.h"

#define ROUNDS 40

/* Transfers that wrote to the root disk. */
static uint32_t writes(void)
{
	return disk_traffic("vda").writes;
}

/* Writes to the page and calls fdatasync, each time: how many transfers that took. */
static uint32_t cost(int fd, uint32_t first, bool append)
{
	char page[PAGE];
	uint32_t before = writes();

	for (uint32_t i = 0; i < ROUNDS; i++) {
		page_fill(page, i);
		CHECK(pwrite(fd, page, PAGE, (first + (append ? i : 0)) * PAGE) == (ssize_t)PAGE,
		      "a page is written");
		CHECK(fdatasync(fd) == 0, "fdatasync");
	}
	return writes() - before;
}

int main(void)
{
	int fd = file_make("file", 4, 1);

	CHECK(fsync(fd) == 0, "fsync");
	CHECK(fdatasync(fd) == 0, "fdatasync");
	uint32_t over = cost(fd, 2, false), grown = cost(fd, 4, true);
	say("%u times: %u writes over the same page, %u appending", ROUNDS, over, grown);
	/* The flusher may come by. */
	CHECK(over >= ROUNDS && over < ROUNDS + ROUNDS / 4, "a write each time, the page's");
	CHECK(grown >= 2 * ROUNDS, "at least two each time: the page's, the inode's");
	close(fd);
	return 0;
}
