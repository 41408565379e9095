/* SPDX-License-Identifier: MIT */
/*
 * A mapping of 1 GiB costs next to nothing until it is touched: 300 pages strewn over it are
 * written and found again in a guest with 16 MiB.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

#define BYTES (1024u * MIB)

int main(void)
{
	char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	const uint32_t step = PAGES(BYTES) / 300;

	CHECK(memory != MAP_FAILED, "1 GiB of addresses");
	CHECK(madvise(memory, BYTES, MADV_NOHUGEPAGE) == 0 || errno == EINVAL, "small pages");
	for (uint32_t i = 0; i < 300; i++)
		page_fill(memory + i * step * PAGE, i);
	for (uint32_t i = 0; i < 300; i++) {
		CHECK(page_has(memory + i * step * PAGE, i), "page %u of 300", i);
		CHECK(memory[(i * step + 1) * PAGE] == 0, "its neighbour is zero");
	}
	if (pages_stay())
		CHECK(smaps_sum(memory, BYTES, "Anonymous") == 300 * PAGE / 1024,
		      "300 pages are our own");
	CHECK(munmap(memory, BYTES) == 0, "munmap");
	say("300 pages over 1 GiB");
	return 0;
}
