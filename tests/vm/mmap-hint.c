/* SPDX-License-Identifier: MIT */
/*
 * An address without MAP_FIXED is a wish: granted where there is room, otherwise another place is
 * chosen and nothing is replaced.
 */
#include "tests/test.h"

int main(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *room = memory_map(64 * PAGE, PROT_READ | PROT_WRITE), *other;

	CHECK(munmap(room, 64 * PAGE) == 0, "find free addresses");
	CHECK(mmap(room + 8 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0)
	      == room + 8 * PAGE, "the wish is granted");
	page_fill(room + 8 * PAGE, 5);
	other = mmap(room + 6 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	CHECK(other != MAP_FAILED, "a wish that cannot be granted is no error");
	CHECK(other + 4 * PAGE <= room + 8 * PAGE || other >= room + 12 * PAGE, "no overlap");
	memset(other, 1, 4 * PAGE);
	CHECK(page_has(room + 8 * PAGE, 5), "what was there stays");
	say("one wish granted, one not");
	return 0;
}
