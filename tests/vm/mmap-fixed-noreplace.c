/* SPDX-License-Identifier: MIT */
/*
 * MAP_FIXED_NOREPLACE maps at the address if nothing is there, and fails with EEXIST otherwise.
 */
#include "tests/test.h"

int main(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	char *memory = memory_map(6 * PAGE, PROT_READ | PROT_WRITE);

	page_fill(memory, 1);
	page_fill(memory + 5 * PAGE, 2);
	CHECK(munmap(memory + PAGE, 4 * PAGE) == 0, "a hole of four pages");
	CHECK_ERRNO((long)mmap(memory, PAGE, PROT_READ, flags, -1, 0), EEXIST);
	CHECK_ERRNO((long)mmap(memory + PAGE, 5 * PAGE, PROT_READ, flags, -1, 0), EEXIST);
	CHECK(mmap(memory + PAGE, 4 * PAGE, PROT_READ, flags, -1, 0) == memory + PAGE,
	      "the hole can be filled");
	CHECK(page_has(memory, 1) && page_has(memory + 5 * PAGE, 2), "both ends are as before");
	say("MAP_FIXED_NOREPLACE did not replace");
	return 0;
}
