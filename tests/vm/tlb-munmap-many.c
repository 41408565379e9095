/* SPDX-License-Identifier: MIT */
/*
 * As tlb-munmap, for so many pages that the kernel has the processor forget everything at once:
 * mapped anew at the same place, they are new pages.
 *
 * tlb: clear_in_table 2
 */
#include "tests/test.h"

#define COUNT 100u

int main(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < COUNT; i++)
			page_fill(memory + i * PAGE, round + i);
		CHECK(munmap(memory, COUNT * PAGE) == 0, "munmap");
		CHECK(mmap(memory, COUNT * PAGE, PROT_READ | PROT_WRITE,
		           MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == memory,
		      "mmap at the same place");
		for (uint32_t i = 0; i < COUNT; i++)
			CHECK(all_bytes_are(memory + i * PAGE, PAGE, 0), "round %u, page %u is new",
			      round, i);
	}
	say("%u addresses were mapped anew 50 times", COUNT);
	return 0;
}
