/* SPDX-License-Identifier: MIT */
/*
 * fork(2) with a private file mapping: pages written before the fork are shared copy-on-write,
 * others come from the file, and neither process changes the other's nor the file.
 */
#include "tests/test.h"

static char *memory;

static void child(void *unused)
{
	(void)unused;
	CHECK(page_has(memory, 1) && page_has(memory + PAGE, 401), "as the parent left it");
	page_fill(memory, 21);
	page_fill(memory + PAGE, 22);
	CHECK(page_has(memory, 21) && page_has(memory + PAGE, 22), "the child's own");
}

int main(void)
{
	int fd = file_make("data", 3, 400);
	static char page[PAGE];

	memory = file_map(fd, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	page_fill(memory, 1);
	in_child(child, NULL);
	CHECK(page_has(memory, 1), "page 0 is the parent's");
	CHECK(page_has(memory + PAGE, 401) && page_has(memory + 2 * PAGE, 402),
	      "others the file's");
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "pread");
		CHECK(page_has(page, 400 + i), "page %u of the file has not changed", i);
	}
	say("parent, child and file kept apart");
	return 0;
}
