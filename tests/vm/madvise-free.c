/* SPDX-License-Identifier: MIT */
/*
 * MADV_FREE: each page is afterwards either as it was or zero, never anything else, and what is
 * written after it stays. Files and shared memory are refused; so is memory that is locked, for
 * MADV_DONTNEED as well.
 */
#include "tests/test.h"

#define COUNT 16u

int main(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	char *file = file_map(file_make("data", 1, 9), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(madvise(memory, COUNT * PAGE, MADV_FREE) == 0, "the pages are free");
	for (uint32_t i = 0; i < COUNT; i += 2)
		page_fill(memory + i * PAGE, 100 + i);
	for (uint32_t i = 0; i < COUNT; i++) {
		char *page = memory + i * PAGE;

		if (i % 2 == 0)
			CHECK(page_has(page, 100 + i), "page %u, written later, stays", i);
		else
			CHECK(page_has(page, i) || all_bytes_are(page, PAGE, 0), "page %u", i);
	}
	CHECK_ERRNO(madvise(file, PAGE, MADV_FREE), EINVAL);
	CHECK_ERRNO(madvise(shared, PAGE, MADV_FREE), EINVAL);
	CHECK(mlock(memory, PAGE) == 0, "one page is locked");
	CHECK_ERRNO(madvise(memory, PAGE, MADV_FREE), EINVAL);
	CHECK_ERRNO(madvise(memory, PAGE, MADV_DONTNEED), EINVAL);
	CHECK(page_has(memory, 100), "and keeps its content");
	say("what was given up was zero or as before");
	return 0;
}
