/* SPDX-License-Identifier: MIT */
/*
 * MADV_DONTNEED throws pages away at once: private memory is zero again, a private file mapping
 * shows the file again, and shared memory keeps what it had.
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(6 * PAGE, PROT_READ | PROT_WRITE);
	char *file = file_map(file_make("data", 2, 30), 2 * PAGE, PROT_READ | PROT_WRITE,
	                      MAP_PRIVATE);
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (uint32_t i = 0; i < 6; i++)
		page_fill(memory + i * PAGE, i);
	page_fill(file + PAGE, 1);
	page_fill(shared, 2);
	CHECK(madvise(memory + 2 * PAGE, 2 * PAGE, MADV_DONTNEED) == 0, "two pages not needed");
	CHECK(smaps_sum(memory, 6 * PAGE, "Rss") == 4 * PAGE / 1024 || !pages_stay(),
	      "four pages are left");
	for (uint32_t i = 0; i < 6; i++) {
		char *page = memory + i * PAGE;

		CHECK(i == 2 || i == 3 ? all_bytes_are(page, PAGE, 0) : page_has(page, i),
		      "page %u", i);
	}
	CHECK(madvise(file, 2 * PAGE, MADV_DONTNEED) == 0, "the file mapping");
	CHECK(page_has(file, 30) && page_has(file + PAGE, 31), "shows the file");
	CHECK(madvise(shared, PAGE, MADV_DONTNEED) == 0, "shared memory");
	CHECK(page_has(shared, 2), "keeps its content");
	CHECK(madvise(memory, 6 * PAGE, MADV_WILLNEED) == 0, "other advice does no harm");
	CHECK_ERRNO(madvise(memory, PAGE, 12345), EINVAL);
	CHECK_ERRNO(madvise(memory + 1, PAGE, MADV_DONTNEED), EINVAL);
	say("pages were thrown away on advice");
	return 0;
}
