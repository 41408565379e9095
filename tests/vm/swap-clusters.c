/* SPDX-License-Identifier: MIT */
/*
 * Pages that are evicted together go to the swap device together, also when many of the slots that
 * were given out have come back since and left holes: a request of the device carries many pages.
 *
 * guest: mem=8 swap=24
 */
#include "tests/disk.h"

#define FIRST PAGES(12 * MIB)
#define LAST  PAGES(16 * MIB)

int main(void)
{
	char *first = memory_map(FIRST * PAGE, PROT_READ | PROT_WRITE);
	char *gone = memory_map(FIRST * PAGE, PROT_READ | PROT_WRITE), *last;
	struct disk_traffic before, after;

	for (uint32_t i = 0; i < FIRST; i++)
		page_fill(first + i * PAGE, i);
	for (uint32_t i = 0; i < FIRST; i++)
		page_fill(gone + i * PAGE, i);
	/* Every third page gives its slot back: holes. Others come back in a row. */
	for (uint32_t i = 0; i < FIRST; i += 3)
		CHECK(madvise(first + i * PAGE, PAGE, MADV_DONTNEED) == 0, "give up page %u", i);
	CHECK(munmap(gone, FIRST * PAGE) == 0, "munmap");

	last = memory_map(LAST * PAGE, PROT_READ | PROT_WRITE);
	before = disk_traffic(NULL); /* only the swap disk has anything to do */
	for (uint32_t i = 0; i < LAST; i++)
		page_fill(last + i * PAGE, 2 * FIRST + i);
	after = disk_traffic(NULL);
	unsigned long requests = after.writes - before.writes;
	uint32_t pages = (after.sectors_written - before.sectors_written) / 8;
	if (machine_is_ours() && pages_stay()) {
		CHECK(pages > LAST / 2, "memory was too small: %u pages were written", pages);
		CHECK(requests * 8 < pages, "%lu requests carried only %u pages", requests, pages);
	}
	for (uint32_t i = 0; i < FIRST; i++)
		CHECK(i % 3 ? page_has(first + i * PAGE, i) : first[i * PAGE] == 0, "page %u", i);
	for (uint32_t i = 0; i < LAST; i++)
		CHECK(page_has(last + i * PAGE, 2 * FIRST + i), "later page %u", i);
	say("%u pages were written by %lu requests", pages, requests);
	return 0;
}
