/* SPDX-License-Identifier: MIT */
/*
 * MAP_FIXED replaces what was mapped in its range, and only that: the pages before and after stay,
 * and what is given up there is gone.
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 4, 60);
	char *memory = memory_map(10 * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < 10; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(mmap(memory + 3 * PAGE, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0)
	      == memory + 3 * PAGE, "a file over pages 3 to 6");
	for (uint32_t i = 0; i < 10; i++)
		CHECK(page_has(memory + i * PAGE, i >= 3 && i < 7 ? 57 + i : i), "page %u", i);
	CHECK(mmap(memory + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE,
	           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory + 5 * PAGE,
	      "one fresh page over page 5");
	CHECK(all_bytes_are(memory + 5 * PAGE, PAGE, 0), "it is zero");
	CHECK(page_has(memory + 4 * PAGE, 61) && page_has(memory + 6 * PAGE, 63), "its neighbours");
	CHECK_DIES(write_byte, memory + 6 * PAGE, SIGSEGV, SEGV_ACCERR, memory + 6 * PAGE);
	say("a mapping was replaced in its middle, twice");
	return 0;
}
