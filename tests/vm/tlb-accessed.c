/* SPDX-License-Identifier: MIT */
/*
 * The policy clears the accessed bit and looks later whether it is set again. The processor sets
 * it only when it walks the page table; so the translation must go, or a page that is used all the
 * time would look unused, and be evicted. Here 16 pages are used between any two pages of a long
 * file that is read: under clock they hardly ever leave. The file is not mapped: that would push
 * the 16 translations out of the TLB, and hide what is tested.
 *
 * pagoda-only: it sets the policy.
 * tlb: entry_test_accessed 1
 * guest: mem=8 pagoda-only cmdline="vm.policy=clock"
 */
#include "tests/test.h"

#define HOT 16u
#define COLD PAGES(8 * MIB)

int main(void)
{
	volatile char *hot = memory_map(HOT * PAGE, PROT_READ | PROT_WRITE);
	int fd = open("cold", O_RDWR | O_CREAT | O_TRUNC, 0644);
	long faults = 0, looks = 0;

	CHECK(fd >= 0 && ftruncate(fd, COLD * PAGE) == 0, "a large file");
	for (uint32_t h = 0; h < HOT; h++)
		hot[h * PAGE] = 1;
	for (uint32_t round = 0; round < 12; round++)
		for (uint32_t i = 0; i < COLD; i++) {
			char byte;
			CHECK(pread(fd, &byte, 1, i * PAGE) == 1, "page %u is read", i);
			long before = faults_major();
			for (uint32_t h = 0; h < HOT; h++, looks++)
				(void)hot[h * PAGE];
			faults += faults_major() - before;
		}
	say("%ld faults in %ld looks at the %u pages", faults, looks, HOT);
	if (pages_stay())
		CHECK(faults < 10, "pages in use stay in memory: hardly any fault, not %ld",
		      faults);
	return 0;
}
