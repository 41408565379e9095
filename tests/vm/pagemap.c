/* SPDX-License-Identifier: MIT */
/*
 * /proc/self/pagemap tells for each page whether it is in memory.
 */
#include "tests/test.h"

int main(void)
{
	const uint32_t pages = 64;
	char *memory = memory_map(pages * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < pages; i++)
		CHECK(!(pagemap_entry(memory + i * PAGE) & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)),
		      "page %u is nowhere at first", i);
	for (uint32_t i = 0; i < pages; i += 5)
		page_fill(memory + i * PAGE, i);
	for (uint32_t i = 0; i < pages; i++) {
		bool present = pagemap_entry(memory + i * PAGE) & PAGEMAP_PRESENT;

		CHECK(present == (i % 5 == 0) || !pages_stay(), "page %u is %s", i, present ?
		      "there" : "absent");
	}
	CHECK(pagemap_entry((void *)(uintptr_t)main) & PAGEMAP_PRESENT || !pages_stay(),
	      "the running code is there");
	CHECK(!(pagemap_entry(NULL) & PAGEMAP_PRESENT), "page 0 is not");
	say("pagemap agrees with what was touched");
	return 0;
}
