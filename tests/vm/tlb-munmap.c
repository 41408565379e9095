/* SPDX-License-Identifier: MIT */
/*
 * An address that was unmapped and mapped anew shows the new memory, never the old page that the
 * processor may remember: munmap of a few pages.
 *
 * tlb: clear_in_table 1
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(8 * PAGE, PROT_READ | PROT_WRITE);
	int fd = file_make("data", 8, 300);

	for (uint32_t round = 0; round < 100; round++) {
		bool file = round % 2;

		for (uint32_t i = 0; i < 8; i++)
			page_fill(memory + i * PAGE, round);
		CHECK(munmap(memory, 8 * PAGE) == 0, "munmap");
		CHECK(mmap(memory, 8 * PAGE, PROT_READ | PROT_WRITE,
		           MAP_FIXED | MAP_PRIVATE | (file ? 0 : MAP_ANONYMOUS), file ? fd : -1, 0)
		      == memory, "mmap at the same place");
		for (uint32_t i = 0; i < 8; i++)
			CHECK(file ? page_has(memory + i * PAGE, 300 + i)
			      : all_bytes_are(memory + i * PAGE, PAGE, 0), "round %u, page %u",
				round, i);
	}
	say("8 addresses were mapped anew 100 times");
	return 0;
}
