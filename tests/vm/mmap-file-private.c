/* SPDX-License-Identifier: MIT */
/*
 * Writing to a private mapping of a file changes the mapping and not the file, and pages not
 * written go on showing the file.
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 8, 10);
	char *memory = file_map(fd, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	static char page[PAGE];

	CHECK(page_has(memory + 2 * PAGE, 12), "read before writing");
	page_fill(memory + 2 * PAGE, 1002);
	memory[5 * PAGE + 9] = 77; /* never read before */
	CHECK(page_has(memory + 2 * PAGE, 1002), "the mapping has the new content");
	CHECK(memory[5 * PAGE + 9] == 77, "the single byte too");
	memory[5 * PAGE + 9] = ((unsigned char *)(uint32_t[]){pattern(15, 2)})[1];
	CHECK(page_has(memory + 5 * PAGE, 15), "around it lies the file's content");
	for (uint32_t i = 0; i < 8; i++) {
		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "pread");
		CHECK(page_has(page, 10 + i), "page %u of the file has not changed", i);
		CHECK(i == 2 || page_has(memory + i * PAGE, 10 + i), "page %u is the file's", i);
	}
	CHECK(munmap(memory, 8 * PAGE) == 0, "munmap");
	memory = file_map(fd, 8 * PAGE, PROT_READ, MAP_PRIVATE);
	CHECK(page_has(memory + 2 * PAGE, 12), "a new mapping shows the file again");
	say("private writes stayed private");
	return 0;
}
