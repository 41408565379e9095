/* SPDX-License-Identifier: MIT */
/*
 * A file is mapped over anonymous memory with MAP_FIXED, and anonymous memory over the file, with
 * no munmap in between and each page used just before: what is seen is always the new.
 *
 * tlb: clear_in_table 1
 */
#include "tests/test.h"

#define COUNT 4u

int main(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	int fd = file_make("data", COUNT, 40);

	for (uint32_t round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < COUNT; i++)
			page_fill(memory + i * PAGE, 1000 + i);
		CHECK(mmap(memory, COUNT * PAGE, PROT_READ, MAP_FIXED | MAP_SHARED, fd, 0)
		      == memory, "a file over anonymous memory");
		for (uint32_t i = 0; i < COUNT; i++)
			CHECK(page_has(memory + i * PAGE, 40 + i), "page %u is the file's", i);
		CHECK(mmap(memory, COUNT * PAGE, PROT_READ | PROT_WRITE,
		           MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == memory,
		      "anonymous memory over the file");
		for (uint32_t i = 0; i < COUNT; i++)
			CHECK(all_bytes_are(memory + i * PAGE, PAGE, 0), "page %u is new", i);
	}
	say("100 mappings took another's place");
	return 0;
}
