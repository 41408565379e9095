/* SPDX-License-Identifier: MIT */
/*
 * What madvise(MADV_DONTNEED) threw away is zeros at the next look, also a moment after it was
 * used; of a private mapping of a file, the file's content again.
 *
 * tlb: clear_in_table 1
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);
	int fd = file_make("data", 1, 40);
	char *file = file_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	for (uint32_t round = 0; round < 50; round++) {
		page_fill(memory, round);
		page_fill(file, round);
		CHECK(madvise(memory, PAGE, MADV_DONTNEED) == 0, "throw it away");
		CHECK(madvise(file, PAGE, MADV_DONTNEED) == 0, "throw it away");
		CHECK(all_bytes_are(memory, PAGE, 0), "zeros");
		CHECK(page_has(file, 40), "the file's content");
	}
	say("100 pages were thrown away");
	return 0;
}
