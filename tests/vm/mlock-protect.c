/* SPDX-License-Identifier: MIT */
/*
 * Locked pages lose their rights and get them back, wherever in a mapping they lie: each mprotect(2)
 * comes to an end, what becomes writable joins the rest, and every page stays as it was written.
 * guest: mem=8 timeout=20
 */
#include "tests/test.h"

#define COUNT 12u

static bool all_there(const char *memory)
{
	unsigned char there[COUNT];

	CHECK(mincore((void *)memory, COUNT * PAGE, there) == 0, "mincore");
	for (uint32_t page = 0; page < COUNT; page++)
		if (!(there[page] & 1))
			return false;
	return true;
}

int main(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	uint32_t ranges = 0;

	CHECK(mlock(memory, COUNT * PAGE) == 0, "locked pages");
	for (uint32_t page = 0; page < COUNT; page++)
		page_fill(memory + page * PAGE, page);
	for (uint32_t first = 0; first < COUNT; first++)
		for (uint32_t end = first + 1; end <= COUNT; end++, ranges++) {
			char *part = memory + first * PAGE;
			size_t size = (end - first) * PAGE;

			CHECK(mprotect(part, size, ranges % 2 ? PROT_NONE : PROT_READ) == 0,
			      "pages %u to %u cannot be written", first, end - 1);
			CHECK(mprotect(part, size, PROT_READ | PROT_WRITE) == 0, "and can again");
			CHECK(all_there(memory), "pages %u to %u: all are in memory", first,
			      end - 1);
		}
	for (uint32_t page = 0; page < COUNT; page++)
		CHECK(page_has(memory + page * PAGE, page), "page %u is as it was", page);
	say("%u ranges of %u locked pages", ranges, COUNT);
	return 0;
}
