/* SPDX-License-Identifier: MIT */
/*
 * Unmapping where nothing is mapped is no error, and a range over several mappings and the holes
 * between them unmaps them all.
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(12 * PAGE, PROT_READ | PROT_WRITE);

	memset(memory, 1, 12 * PAGE);
	CHECK(munmap(memory + 2 * PAGE, 2 * PAGE) == 0, "a hole");
	CHECK(munmap(memory + 6 * PAGE, 2 * PAGE) == 0, "another");
	CHECK(munmap(memory + 2 * PAGE, 2 * PAGE) == 0, "the first hole again");
	CHECK(mprotect(memory + 8 * PAGE, PAGE, PROT_READ) == 0, "and an area of another kind");
	CHECK(munmap(memory + PAGE, 10 * PAGE) == 0, "all but the first and the last page");
	CHECK(memory[0] == 1 && memory[11 * PAGE] == 1, "these two are there");
	for (uint32_t i = 1; i < 11; i++)
		CHECK_DIES(read_byte, memory + i * PAGE, SIGSEGV, SEGV_MAPERR, memory + i * PAGE);
	say("one call unmapped three areas and two holes");
	return 0;
}
