/* SPDX-License-Identifier: MIT */
/*
 * A page that was never written reads as zeros; one that is written before it was ever read has
 * zeros around that. What was written stays while its neighbours are zeros.
 */
#include "tests/test.h"

int main(void)
{
	const uint32_t pages = 256;
	char *memory = memory_map(pages * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < pages; i += 2) {
		char *page = memory + i * PAGE;
		uint32_t at = i * 37 % PAGE;

		if (i % 4 == 0) /* its first access finds the page that all of these share */
			CHECK(all_bytes_are(page, PAGE, 0), "page %u is zero at first", i);
		page[at] = 1;
		CHECK(all_bytes_are(page, at, 0) && all_bytes_are(page + at + 1, PAGE - at - 1, 0),
		      "page %u is zero around the byte that was written", i);
		page_fill(page, i);
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
