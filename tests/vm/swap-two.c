/* SPDX-License-Identifier: MIT */
/*
 * Two areas of swap: when the first is full, pages go to the second; when that is taken away, what
 * it holds comes in, and goes to the first, which has room again.
 *
 * Pagoda only: it changes the machine's swap.
 *
 * guest: mem=8 swap=4 pagoda-only writes
 */
#include "tests/test.h"

#include <sys/swap.h>

#define COUNT PAGES(13 * MIB)
#define KEPT PAGES(6 * MIB)

int main(void)
{
	swap_file_make("swap", PAGES(8 * MIB), false);
	CHECK(swapon("swap", 0) == 0, "a second area");

	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	long used = meminfo("SwapTotal") - meminfo("SwapFree");
	CHECK(used > 5000, "more is out than fits into the first area: %ld KiB", used);
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u came back intact", i);

	CHECK(munmap(memory + KEPT * PAGE, (COUNT - KEPT) * PAGE) == 0, "give half of it back");
	CHECK(swapoff("swap") == 0, "the second area goes");
	CHECK(meminfo("SwapTotal") < 4096, "the first is left");
	for (uint32_t i = 0; i < KEPT; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	CHECK(unlink("swap") == 0, "the file is free");
	say("%ld KiB were on two areas", used);
	return 0;
}
