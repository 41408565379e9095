/* SPDX-License-Identifier: MIT */
/*
 * Memory given back by brk(2) is gone (SIGSEGV), and zero when the heap grows over it again.
 */
#include "tests/test.h"

int main(void)
{
	char *start = (char *)(((uintptr_t)sbrk(0) + PAGE - 1) & ~(uintptr_t)(PAGE - 1));

	CHECK(brk(start + 8 * PAGE) == 0, "eight pages of heap");
	memset(start, 'x', 8 * PAGE);
	CHECK(brk(start + 2 * PAGE) == 0, "shrink to two");
	CHECK(all_bytes_are(start, 2 * PAGE, 'x'), "the two stay as they were");
	CHECK_DIES(read_byte, start + 2 * PAGE, SIGSEGV, SEGV_MAPERR, start + 2 * PAGE);
	CHECK_DIES(write_byte, start + 7 * PAGE, SIGSEGV, SEGV_MAPERR, start + 7 * PAGE);
	CHECK(brk(start + 8 * PAGE) == 0, "grow again");
	CHECK(all_bytes_are(start, 2 * PAGE, 'x'), "the two are still there");
	CHECK(all_bytes_are(start + 2 * PAGE, 6 * PAGE, 0), "the others are zero again");
	say("the heap shrank and grew, and nothing old came back");
	return 0;
}
