/* SPDX-License-Identifier: MIT */
/*
 * Memory that another process filled and gave back is zero again when it comes to us: no
 * secret passes through a frame. Of every second page the first access is a write, so that it gets
 * its frame at once, and not first the one of zeros. The children together touch twice the RAM.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

#define BYTES (4 * MIB)

static void dirty_memory(void *seed)
{
	char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(BYTES); i++) {
		char *page = memory + i * PAGE;

		if (i % 2)
			page[0] = 1;
		CHECK(all_bytes_are(page + i % 2, PAGE - i % 2, 0), "page %u comes as zeros", i);
		page_fill(page, (uintptr_t)seed + i);
	}
}

int main(void)
{
	for (uintptr_t round = 0; round < 8; round++)
		in_child(dirty_memory, (void *)(round * 10000));
	say("8 processes filled 4 MiB each, and each found zeros");
	return 0;
}
