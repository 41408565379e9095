/* SPDX-License-Identifier: MIT */
/*
 * A page that was never written reads as zeros, and one that was written keeps what it has
 * while its neighbours stay zero.
 */
#include "tests/test.h"

int main(void)
{
	const uint32_t pages = 256;
	char *memory = memory_map(pages * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < pages; i += 2) {
		CHECK(all_bytes_are(memory + i * PAGE, PAGE, 0), "page %u is zero at first", i);
		page_fill(memory + i * PAGE, i);
	}
	for (uint32_t i = 0; i < pages; i++) {
		char *page = memory + i * PAGE;

		if (i % 2)
			CHECK(all_bytes_are(page, PAGE, 0), "page %u is untouched", i);
		else
			CHECK(page_has(page, i), "page %u has its pattern", i);
	}
	say("256 fresh pages were zeros, half of them were written, none was mixed up");
	return 0;
}
