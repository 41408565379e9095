/* SPDX-License-Identifier: MIT */
/*
 * A file mapping larger than the RAM: 20 MiB are written through a shared mapping in a guest with
 * 12 MiB and no swap (dirty pages go to their file), and read back through another.
 *
 * guest: mem=12 swap=0 writes timeout=60
 */
#include "tests/test.h"

#define BYTES (20 * MIB)

int main(void)
{
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char *memory;

	CHECK(fd >= 0 && ftruncate(fd, BYTES) == 0, "a sparse file of 20 MiB");
	memory = file_map(fd, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	CHECK(munmap(memory, BYTES) == 0, "munmap");
	memory = file_map(fd, BYTES, PROT_READ, MAP_PRIVATE);
	for (uint32_t i = PAGES(BYTES); i-- > 0;)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact, read backwards", i);
	say("20 MiB went through a mapping to the file");
	return 0;
}
