/* SPDX-License-Identifier: MIT */
/*
 * A page that came back from swap and was changed goes out again as changed: the old copy on
 * the device is not taken for the page.
 *
 * guest: mem=8 swap=48 timeout=60
 */
#include "tests/test.h"

#define BYTES (14 * MIB)

int main(void)
{
	char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t round = 1; round <= 3; round++) {
		for (uint32_t i = 0; i < PAGES(BYTES); i++) {
			uint32_t *page = (uint32_t *)(memory + i * PAGE);

			CHECK(page[round - 1] == (round == 1 ? pattern(i, 0) : i + round - 1),
			      "page %u has what round %u left", i, round - 1);
			page[round] = i + round;
		}
	}
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		for (uint32_t word = 0; word < PAGE / 4; word++) {
			uint32_t want = word >= 1 && word <= 3 ? i + word : pattern(i, word);

			CHECK(((uint32_t *)(memory + i * PAGE))[word] == want, "page %u, word %u",
			      i, word);
		}
	say("14 MiB went to swap three times, changed each time");
	return 0;
}
