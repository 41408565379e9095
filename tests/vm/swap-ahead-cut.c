/* SPDX-License-Identifier: MIT */
/*
 * Memory that is read in order from the swap device, and so ahead, is unmapped from a place in the
 * middle of what is on its way: the pages before it are right, and behind it is nothing.
 *
 * guest: mem=8 swap=64 timeout=90
 */
#include "tests/test.h"

#define MOST PAGES(12 * MIB)
#define FIRST 100u
#define LOOKED_AT 12u

static void cut_at(uint32_t last)
{
	char *memory = memory_map(MOST * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < MOST; i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t i = FIRST; i < last; i++) {
		if (i == FIRST + LOOKED_AT)
			CHECK(munmap(memory + last * PAGE, (MOST - last) * PAGE) == 0, "cut");
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	}
	CHECK_DIES(read_byte, memory + last * PAGE, SIGSEGV, SEGV_MAPERR, memory + last * PAGE);
	CHECK(munmap(memory, last * PAGE) == 0, "unmap the rest");
}

int main(void)
{
	for (uint32_t more = 1; more < 9; more++)
		cut_at(FIRST + LOOKED_AT + 2 * more);
	say("8 times 12 MiB, cut off while the next pages were on their way");
	return 0;
}
