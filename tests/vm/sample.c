/* SPDX-License-Identifier: MIT */
/*
 * With vm.sample every page-table entry is dropped again and again: a program that goes round its
 * pages faults for them anew, and finds every byte where it was.
 *
 * Pagoda only: it counts the faults that Pagoda's sampling makes.
 *
 * guest: mem=16 swap=16 pagoda-only cmdline="vm.sample=10"
 */
#include "tests/test.h"

#define PAGES_OWN 400u

int main(void)
{
	char *memory = memory_map(PAGES_OWN * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < PAGES_OWN; i++)
		page_fill(memory + i * PAGE, i);

	struct rusage before, after;
	CHECK(getrusage(RUSAGE_SELF, &before) == 0, "count the faults");
	for (uint32_t round = 0; round < 40; round++) {
		for (uint32_t i = 0; i < PAGES_OWN; i++)
			CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
		usleep(15000);
	}
	CHECK(getrusage(RUSAGE_SELF, &after) == 0, "count them again");
	long faults = after.ru_minflt - before.ru_minflt;
	CHECK(faults > 10 * (long)PAGES_OWN, "the pages faulted again and again, not %ld times",
	      faults);
	say("%ld faults for %u pages that never left memory", faults, PAGES_OWN);
	return 0;
}
