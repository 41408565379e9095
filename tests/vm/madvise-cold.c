/* SPDX-License-Identifier: MIT */
/*
 * MADV_COLD changes no byte and drops no page: the pages look unused (smaps, Referenced), until
 * they are touched again. Memory that is locked is refused.
 */
#include "tests/test.h"

#define PAGES_IN_ALL 64u

static long referenced(const char *memory)
{
	return smaps_sum(memory, PAGES_IN_ALL * PAGE, "Referenced");
}

int main(void)
{
	char *memory = memory_map(PAGES_IN_ALL * PAGE, PROT_READ | PROT_WRITE);
	long before, cold, again;

	for (uint32_t i = 0; i < PAGES_IN_ALL; i++)
		page_fill(memory + i * PAGE, i);
	before = referenced(memory);
	CHECK(madvise(memory, PAGES_IN_ALL * PAGE, MADV_COLD) == 0, "cold");
	cold = referenced(memory);
	for (uint32_t i = 0; i < PAGES_IN_ALL / 2; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is as it was", i);
	again = referenced(memory);
	if (pages_stay()) {
		CHECK(before == PAGES_IN_ALL * 4, "all were referenced: %ld KiB", before);
		CHECK(cold == 0, "none looks referenced: %ld KiB", cold);
		CHECK(again == PAGES_IN_ALL / 2 * 4, "those touched again do: %ld KiB", again);
		CHECK(smaps_sum(memory, PAGES_IN_ALL * PAGE, "Rss") == PAGES_IN_ALL * 4,
		      "all stay");
	}
	CHECK(mlock(memory, PAGE) == 0, "one page is locked");
	CHECK_ERRNO(madvise(memory, PAGE, MADV_COLD), EINVAL);
	say("referenced: %ld KiB, then %ld, then %ld", before, cold, again);
	return 0;
}
