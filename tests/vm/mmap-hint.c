/* SPDX-License-Identifier: MIT */
/*
 * An address without MAP_FIXED is a wish: granted where there is room, otherwise another place is
 * chosen and nothing is replaced. Below a mapping that grows down there is room up to the gap that it
 * keeps free, 256 pages, and not a page further.
 */
#include "tests/test.h"

#define GAP 256u /* pages; the promise of "stack_guard_gap" in Linux's kernel-parameters */

static void below_what_grows_down(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *room = memory_map(3 * GAP * PAGE, PROT_READ | PROT_WRITE);
	char *top = room + 2 * GAP * PAGE, *wish = top - (GAP + 4) * PAGE;

	CHECK(munmap(room, 3 * GAP * PAGE) == 0, "free addresses");
	CHECK(mmap(top, PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED | MAP_GROWSDOWN, -1, 0) == top,
	      "a mapping that grows down");
	CHECK(mmap(wish, 4 * PAGE, PROT_READ, flags, -1, 0) == wish, "up to its gap there is room");
	CHECK(munmap(wish, 4 * PAGE) == 0, "free again");
	CHECK(mmap(wish + PAGE, 4 * PAGE, PROT_READ, flags, -1, 0) != wish + PAGE,
	      "a page further there is none");
}

int main(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *room = memory_map(64 * PAGE, PROT_READ | PROT_WRITE), *other;

	CHECK(munmap(room, 64 * PAGE) == 0, "find free addresses");
	CHECK(mmap(room + 8 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0)
	      == room + 8 * PAGE, "the wish is granted");
	page_fill(room + 8 * PAGE, 5);
	CHECK(mmap(room + 4 * PAGE, 4 * PAGE, PROT_NONE, flags, -1, 0) == room + 4 * PAGE,
	      "beside a mapping, too");
	other = mmap(room + 6 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	CHECK(other != MAP_FAILED, "a wish that cannot be granted is no error");
	CHECK(other + 4 * PAGE <= room + 8 * PAGE || other >= room + 12 * PAGE, "no overlap");
	memset(other, 1, 4 * PAGE);
	CHECK(page_has(room + 8 * PAGE, 5), "what was there stays");
	below_what_grows_down();
	say("wishes are granted where there is room");
	return 0;
}
