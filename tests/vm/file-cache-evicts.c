/* SPDX-License-Identifier: MIT */
/*
 * Reading a file larger than the memory pushes out cached pages and nothing else: 20 MiB are read
 * twice in a guest with 12 MiB and no swap, while 3 MiB of memory keep their content.
 *
 * guest: mem=12 swap=0 timeout=60 writes
 */
#include "tests/test.h"

#define BYTES (20 * MIB)

int main(void)
{
	char *memory = memory_map(3 * MIB, PROT_READ | PROT_WRITE);
	static char page[PAGE];
	int fd;

	for (uint32_t i = 0; i < PAGES(3 * MIB); i++)
		page_fill(memory + i * PAGE, i);
	fd = file_make("data", PAGES(BYTES), 7000);
	for (uint32_t round = 0; round < 2; round++) {
		CHECK(lseek(fd, 0, SEEK_SET) == 0, "seek");
		for (uint32_t i = 0; i < PAGES(BYTES); i++) {
			CHECK(read(fd, page, PAGE) == (ssize_t)PAGE, "read page %u", i);
			CHECK(page_has(page, 7000 + i), "page %u of the file", i);
		}
	}
	for (uint32_t i = 0; i < PAGES(3 * MIB); i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u of memory", i);
	say("20 MiB were written and read twice");
	return 0;
}
