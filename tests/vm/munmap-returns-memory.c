/* SPDX-License-Identifier: MIT */
/*
 * What munmap(2) takes away is given back: 40 times 4 MiB are mapped, filled and unmapped in a
 * guest with 16 MiB and no swap.
 *
 * guest: mem=16 swap=0
 */
#include "tests/test.h"

#define BYTES (4 * MIB)

int main(void)
{
	for (uint32_t round = 0; round < 40; round++) {
		char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE);

		for (uint32_t i = 0; i < PAGES(BYTES); i++) {
			CHECK(*(uint32_t *)(memory + i * PAGE) == 0, "page %u is zero", i);
			page_fill(memory + i * PAGE, round + i);
		}
		CHECK(page_has(memory + 1000 * PAGE, round + 1000), "page 1000 is intact");
		CHECK(munmap(memory, BYTES) == 0, "munmap");
	}
	say("160 MiB came and went");
	return 0;
}
