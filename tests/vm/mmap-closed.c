/* SPDX-License-Identifier: MIT */
/*
 * A mapping outlives the descriptor it was made with.
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 4, 110);
	char *memory = file_map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	static char page[PAGE];

	CHECK(close(fd) == 0, "close");
	for (uint32_t i = 0; i < 4; i++)
		CHECK(page_has(memory + i * PAGE, 110 + i), "page %u after close", i);
	page_fill(memory + PAGE, 1);
	fd = open("data", O_RDONLY);
	CHECK(fd >= 0 && pread(fd, page, PAGE, PAGE) == (ssize_t)PAGE, "read it anew");
	CHECK(page_has(page, 1), "a write through the mapping reached the file");
	say("close does not unmap");
	return 0;
}
