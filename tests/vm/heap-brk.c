/* SPDX-License-Identifier: MIT */
/*
 * brk(2) moves the end of the heap by bytes; what it adds is zero and can be used up to the very
 * end, and the old content stays.
 */
#include "tests/test.h"

int main(void)
{
	char *start = sbrk(0);

	CHECK(sbrk(100) == start, "sbrk returns the old end");
	CHECK(sbrk(0) == start + 100, "the end has moved by 100 bytes");
	CHECK(all_bytes_are(start, 100, 0), "the new bytes are zero");
	memset(start, 'a', 100);
	CHECK(sbrk(5 * PAGE) == start + 100, "grow by five pages more");
	CHECK(all_bytes_are(start, 100, 'a'), "what was there stays");
	CHECK(all_bytes_are(start + 100, 5 * PAGE, 0), "what is new is zero");
	memset(start, 'b', 100 + 5 * PAGE);
	CHECK(brk(start + MIB) == 0 && sbrk(0) == start + MIB, "brk sets the end");
	CHECK(all_bytes_are(start, 100 + 5 * PAGE, 'b'), "again the old content stays");
	start[MIB - 1] = 1;
	CHECK(start[MIB - 1] == 1, "the last byte can be used");
	say("the heap grew by 100 bytes, by 5 pages and to 1 MiB");
	return 0;
}
