/* SPDX-License-Identifier: MIT */
/*
 * Shared memory of as many pages as swap has slots, written over and over: in the end each page has
 * its slot, swap is full, and a page that was changed goes to the slot that it has. Pagoda only: the
 * guest's swap must be this program's alone.
 *
 * guest: mem=8 swap=12 pagoda-only timeout=60
 */
#include <sys/sysinfo.h>

#include "tests/test.h"

#define ROUNDS 4u

int main(void)
{
	struct sysinfo info;
	CHECK(sysinfo(&info) == 0 && info.freeswap > 0, "there is swap");
	uint32_t pages = info.freeswap * info.mem_unit / PAGE;
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                    -1, 0);

	CHECK(memory != MAP_FAILED, "%u pages of shared memory", pages);
	for (uint32_t round = 0; round < ROUNDS; round++)
		for (uint32_t i = 0; i < pages; i++) {
			if (round)
				CHECK(page_has(memory + i * PAGE, i + round - 1), "page %u", i);
			page_fill(memory + i * PAGE, i + round);
		}
	CHECK(sysinfo(&info) == 0, "sysinfo");
	say("%u pages went to their slots %u times; %lu of these are free", pages, ROUNDS,
	    info.freeswap * info.mem_unit / PAGE);
	return 0;
}
