/* SPDX-License-Identifier: MIT */
/*
 * A mapping shows at once what write(2) writes: shared ones, and private ones where they were not
 * written themselves.
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 4, 120);
	char *shared = file_map(fd, 4 * PAGE, PROT_READ, MAP_SHARED);
	char *private = file_map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	static char page[PAGE];

	CHECK(page_has(shared + PAGE, 121) && page_has(private + PAGE, 121), "before");
	page_fill(private + 2 * PAGE, 7);
	page_fill(page, 2121);
	CHECK(pwrite(fd, page, PAGE, PAGE) == (ssize_t)PAGE, "write page 1");
	CHECK(pwrite(fd, page, PAGE, 2 * PAGE) == (ssize_t)PAGE, "write page 2");
	CHECK(page_has(shared + PAGE, 2121) && page_has(shared + 2 * PAGE, 2121), "shared");
	CHECK(page_has(private + PAGE, 2121), "private, never written");
	CHECK(page_has(private + 2 * PAGE, 7), "private, written before: its own");
	CHECK(pwrite(fd, "middle", 6, 3 * PAGE + 1000) == 6, "write six bytes");
	CHECK(memcmp(shared + 3 * PAGE + 1000, "middle", 6) == 0, "they are there");
	say("write(2) shows in mappings");
	return 0;
}
