/* SPDX-License-Identifier: MIT */
/*
 * Writing to a shared mapping changes the file: read(2) sees it at once, and it is there when the
 * mapping and the descriptor are gone.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 8, 20);
	char *memory = file_map(fd, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	static char page[PAGE];

	page_fill(memory + 3 * PAGE, 2003);
	memory[6 * PAGE] = 'Z';
	CHECK(pread(fd, page, PAGE, 3 * PAGE) == (ssize_t)PAGE && page_has(page, 2003),
	      "read(2) sees the new page at once");
	CHECK(munmap(memory, 8 * PAGE) == 0 && close(fd) == 0, "let go of the file");

	fd = open("data", O_RDONLY);
	CHECK(fd >= 0, "open it again");
	CHECK(lseek(fd, 0, SEEK_END) == 8 * PAGE, "its size has not changed");
	for (uint32_t i = 0; i < 8; i++) {
		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "pread");
		if (i == 6)
			CHECK(page[0] == 'Z', "the single byte was written");
		else
			CHECK(page_has(page, i == 3 ? 2003 : 20 + i), "page %u", i);
	}
	say("a file was changed through a mapping");
	return 0;
}
