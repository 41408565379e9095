/* SPDX-License-Identifier: MIT */
/*
 * Uninitialised data is zero, also in the page that it shares with the end of the initialised
 * data, and takes memory only when it is written.
 */
#include "tests/test.h"

static volatile uint32_t initialised[3] = {1, 2, 3};
static volatile unsigned char uninitialised[3 * MIB];

int main(void)
{
	long before = smaps_sum((void *)uninitialised, sizeof(uninitialised), "Rss");

	CHECK(before < 256, "bss is not resident at the start, not %ld KiB", before);
	CHECK(initialised[0] == 1 && initialised[1] == 2 && initialised[2] == 3, "data is itself");
	CHECK(all_bytes_are((void *)uninitialised, sizeof(uninitialised), 0), "bss is zero");
	for (uint32_t i = 0; i < sizeof(uninitialised); i += PAGE)
		uninitialised[i] = i / PAGE % 255 + 1;
	for (uint32_t i = 0; i < sizeof(uninitialised); i += PAGE) {
		CHECK(uninitialised[i] == i / PAGE % 255 + 1, "bss keeps what was written");
		CHECK(uninitialised[i + 1] == 0, "and its neighbour is zero");
	}
	say("3 MiB of bss were zero and could be written");
	return 0;
}
