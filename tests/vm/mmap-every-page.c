/* SPDX-License-Identifier: MIT */
/*
 * Addresses are used to the last page: mappings fill every gap, those below the program and beside
 * the stack too, and then there is room for nothing, not even on the heap. A page given back is
 * the next one to be had.
 */
#include "tests/test.h"

#define FIRST_ADDRESS 0x10000u /* mmap_min_addr */

static uintptr_t lowest = UINTPTR_MAX, highest;

static char *map(size_t bytes)
{
	return mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Maps as many pieces of the size as there is room for. */
static uint32_t fill(size_t piece)
{
	uint32_t count = 0;

	for (char *at; (at = map(piece)) != MAP_FAILED; count++) {
		uintptr_t start = (uintptr_t)at;

		lowest = start < lowest ? start : lowest;
		highest = start + piece > highest ? start + piece : highest;
	}
	CHECK(errno == ENOMEM, "no more room for %zu KiB", piece / 1024);
	return count;
}

int main(void)
{
	volatile char deep[32768]; /* the stack will find no room to grow */
	uint32_t pieces = 0;
	char *again;

	for (uint32_t i = 0; i < sizeof(deep); i += PAGE / 2)
		deep[i] = 1;
	for (size_t piece = 256 * MIB; piece >= PAGE; piece /= 2)
		pieces += fill(piece);

	CHECK(lowest >= FIRST_ADDRESS && lowest < (uintptr_t)main,
	      "below the program, too, from %#lx on", (unsigned long)lowest);
	CHECK(highest > (uintptr_t)&deep - 64 * MIB, "up to the stack: %#lx",
	      (unsigned long)highest);
	CHECK(sbrk(MIB) == (void *)-1 && errno == ENOMEM, "the heap cannot grow");
	for (uint32_t i = 0; i < 3; i++) {
		char *page = (char *)lowest + i * PAGE;

		CHECK(munmap(page, PAGE) == 0, "a page is given back");
		again = map(PAGE);
		CHECK(again == page, "and it is the one to be had: %p, not %p", page, again);
		CHECK(map(PAGE) == MAP_FAILED, "only that one");
	}
	say("%u pieces between %#lx and %#lx left no page free", pieces, (unsigned long)lowest,
	    (unsigned long)highest);
	return 0;
}
