/* SPDX-License-Identifier: MIT */
/*
 * Unmapping the middle of a mapping leaves both ends as they were, for anonymous memory and for a
 * file (whose second half must still show the right pages).
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 9, 80);
	char *memory = memory_map(9 * PAGE, PROT_READ | PROT_WRITE);
	char *file = file_map(fd, 9 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	for (uint32_t i = 0; i < 9; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(munmap(memory + 3 * PAGE, 3 * PAGE) == 0, "cut three pages out of memory");
	CHECK(munmap(file + 3 * PAGE, 3 * PAGE) == 0, "and out of the file");
	for (uint32_t i = 0; i < 9; i++) {
		if (i >= 3 && i < 6) {
			CHECK_DIES(read_byte, memory + i * PAGE, SIGSEGV, SEGV_MAPERR,
			           memory + i * PAGE);
			CHECK_DIES(write_byte, file + i * PAGE, SIGSEGV, SEGV_MAPERR,
			           file + i * PAGE);
		} else {
			CHECK(page_has(memory + i * PAGE, i), "page %u of memory", i);
			CHECK(page_has(file + i * PAGE, 80 + i), "page %u of the file", i);
		}
	}
	say("the middle is gone, both ends live");
	return 0;
}
