/* SPDX-License-Identifier: MIT */
/*
 * mremap(2) to a smaller size unmaps the end.
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(10 * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < 10; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(mremap(memory, 10 * PAGE, 4 * PAGE, 0) == memory, "shrink to four pages");
	for (uint32_t i = 0; i < 4; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u stays", i);
	CHECK_DIES(read_byte, memory + 4 * PAGE, SIGSEGV, SEGV_MAPERR, memory + 4 * PAGE);
	CHECK_DIES(read_byte, memory + 9 * PAGE, SIGSEGV, SEGV_MAPERR, memory + 9 * PAGE);
	CHECK(mremap(memory, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE) == memory, "grow again");
	CHECK(all_bytes_are(memory + 4 * PAGE, 2 * PAGE, 0), "the old content is gone");
	CHECK_ERRNO((long)mremap(memory + 1, PAGE, PAGE, 0), EINVAL);
	CHECK_ERRNO((long)mremap(memory, PAGE, 0, 0), EINVAL);
	say("ten pages became four, then six");
	return 0;
}
