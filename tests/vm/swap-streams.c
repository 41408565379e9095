/* SPDX-License-Identifier: MIT */
/*
 * Several places of an area are read in turn, as a merge of sorted parts does: each is read ahead.
 * And pages that came back and are changed go out beside those that go with them, and not to where
 * each of them lay before: requests of the swap disk carry many pages both ways.
 *
 * guest: mem=8 swap=64
 */
#include "tests/disk.h"

#define PLACES 6u
#define PART   PAGES(4 * MIB)
#define ALL    (PLACES * PART)

static void enough_a_request(const char *what, unsigned long requests, unsigned long sectors)
{
	say("%lu pages %s by %lu requests", sectors / 8, what, requests);
	if (!machine_is_ours() || !pages_stay())
		return;
	CHECK(sectors / 8 > ALL / 2, "memory was too small");
	CHECK(requests * 8 < sectors / 8, "a request carried 8 pages or more");
}

int main(void)
{
	char *memory = memory_map(ALL * PAGE, PROT_READ | PROT_WRITE);
	struct disk_traffic before, after; /* only the swap disk has anything to do */

	for (uint32_t i = 0; i < ALL; i++)
		page_fill(memory + i * PAGE, i);
	before = disk_traffic(NULL);
	for (uint32_t i = 0; i < PART; i++)
		for (uint32_t place = 0; place < PLACES; place++) {
			uint32_t page = place * PART + i;
			CHECK(page_has(memory + page * PAGE, page), "page %u is intact", page);
		}
	after = disk_traffic(NULL);
	enough_a_request("were read at six places", after.reads - before.reads,
	                 after.sectors_read - before.sectors_read);

	/* Read first, so that they have their slots still, and in an order that is not the slots'. */
	before = disk_traffic(NULL);
	for (uint32_t i = 0; i < ALL; i++) {
		uint32_t page = i * 1001 % ALL;
		CHECK(page_has(memory + page * PAGE, page), "page %u is intact", page);
		page_fill(memory + page * PAGE, page + 1);
	}
	after = disk_traffic(NULL);
	enough_a_request("that had slots were written", after.writes - before.writes,
	                 after.sectors_written - before.sectors_written);
	for (uint32_t i = 0; i < ALL; i++)
		CHECK(page_has(memory + i * PAGE, i + 1), "page %u was changed", i);
	return 0;
}
