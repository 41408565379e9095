/* SPDX-License-Identifier: MIT */
/*
 * 20 MiB are written and read in a random order, in a guest with 8 MiB.
 *
 * guest: mem=8 swap=64 timeout=60
 */
#include "tests/test.h"

#define COUNT (PAGES(20 * MIB))

static uint16_t order[COUNT];

static void shuffle(uint32_t random)
{
	for (uint32_t i = COUNT - 1; i > 0; i--) {
		uint32_t j = next_random(&random) % (i + 1);
		uint16_t swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
}

int main(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < COUNT; i++)
		order[i] = i;
	shuffle(1);
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + order[i] * PAGE, order[i]);
	shuffle(2);
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + order[i] * PAGE, order[i]), "page %u is intact", order[i]);
	say("%u pages in random order", COUNT);
	return 0;
}
