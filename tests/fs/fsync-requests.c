/* SPDX-License-Identifier: MIT */
/*
 * fsync(2) of a file whose pages lie side by side on the disk takes few transfers: the disk gets
 * many pages with each, not one after the other.
 *
 * pagoda-only: the root disk's name, and what else Linux writes to it meanwhile.
 * guest: pagoda-only mem=64
 */
#include "tests/disk.h"

#define PAGES_WRITTEN 2048u
#define ROUNDS 3

/* Transfers that wrote to the root disk. */
static uint32_t writes(void)
{
	return disk_traffic("vda").writes;
}

/* How many an fsync of a new file takes, and what the flusher, if it comes by. */
static uint32_t cost(void)
{
	uint32_t before = writes();
	int fd = file_make("file", PAGES_WRITTEN, 1);

	CHECK(fsync(fd) == 0, "fsync");
	uint32_t taken = writes() - before;
	CHECK(taken >= 1, "something was written");
	close(fd);
	CHECK(unlink("file") == 0, "unlink");
	return taken;
}

int main(void)
{
	uint32_t least = UINT32_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		uint32_t taken = cost();

		least = taken < least ? taken : least;
	}
	say("%u pages: %u writes", PAGES_WRITTEN, least);
	/* A hundred pages each, and some that tell where they are. */
	CHECK(least <= PAGES_WRITTEN / 100 + 12 || !pages_stay(), "few transfers");
	return 0;
}
