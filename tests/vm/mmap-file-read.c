/* SPDX-License-Identifier: MIT */
/*
 * A mapped file reads as its content, page by page as touched, and mapping it changes nothing.
 */
#include "tests/test.h"

int main(void)
{
	const uint32_t pages = 64;
	int fd = file_make("data", pages, 500);
	char *memory = file_map(fd, pages * PAGE, PROT_READ, MAP_PRIVATE);
	static char page[PAGE];

	for (uint32_t i = pages; i-- > 0;)
		CHECK(page_has(memory + i * PAGE, 500 + i), "page %u of the mapping", i);
	CHECK(munmap(memory, pages * PAGE) == 0, "munmap");
	for (uint32_t i = 0; i < pages; i++) {
		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "pread");
		CHECK(page_has(page, 500 + i), "page %u of the file", i);
	}
	say("64 pages of a file were read through a mapping, last first");
	return 0;
}
