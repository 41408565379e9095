/* SPDX-License-Identifier: MIT */
/*
 * mremap(2) makes a mapping larger where it is if there is room, and elsewhere if it may move;
 * the content goes with it. Without leave to move it fails with ENOMEM.
 */
#include "tests/test.h"

int main(void)
{
	char *room = memory_map(40 * PAGE, PROT_READ | PROT_WRITE), *memory;

	CHECK(munmap(room + 4 * PAGE, 36 * PAGE) == 0, "room behind the first four pages");
	for (uint32_t i = 0; i < 4; i++)
		page_fill(room + i * PAGE, i);
	CHECK(mremap(room, 4 * PAGE, 8 * PAGE, 0) == room, "grows in place");
	CHECK(all_bytes_are(room + 4 * PAGE, 4 * PAGE, 0), "the new pages are zero");
	page_fill(room + 7 * PAGE, 7);

	CHECK(mmap(room + 10 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	           -1, 0) == room + 10 * PAGE, "something in the way");
	CHECK_ERRNO((long)mremap(room, 8 * PAGE, 16 * PAGE, 0), ENOMEM);
	CHECK(page_has(room, 0) && page_has(room + 7 * PAGE, 7), "nothing is lost by it");
	memory = mremap(room, 8 * PAGE, 16 * PAGE, MREMAP_MAYMOVE);
	CHECK(memory != MAP_FAILED && memory != room, "it moves");
	for (uint32_t i = 0; i < 4; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u has moved along", i);
	CHECK(page_has(memory + 7 * PAGE, 7), "page 7 too");
	CHECK(all_bytes_are(memory + 8 * PAGE, 8 * PAGE, 0), "the new pages are zero");
	CHECK_DIES(read_byte, room, SIGSEGV, SEGV_MAPERR, room);
	say("a mapping grew in place, then moved");
	return 0;
}
