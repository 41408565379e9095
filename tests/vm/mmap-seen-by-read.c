/* SPDX-License-Identifier: MIT */
/*
 * read(2) through any descriptor sees at once what is written through a shared mapping, without
 * msync(2), in another process too.
 */
#include "tests/test.h"

static void read_back(void *expected)
{
	int fd = open("data", O_RDONLY);
	static char page[PAGE];

	CHECK(fd >= 0 && pread(fd, page, PAGE, 2 * PAGE) == (ssize_t)PAGE, "read page 2");
	CHECK(page_has(page, (uintptr_t)expected), "it has the latest content");
}

int main(void)
{
	int fd = file_make("data", 4, 130);
	char *memory = file_map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	for (uintptr_t round = 1; round <= 20; round++) {
		page_fill(memory + 2 * PAGE, round);
		read_back((void *)round);
		in_child(read_back, (void *)round);
	}
	say("20 changes through the mapping were all seen by read(2)");
	return 0;
}
