/* SPDX-License-Identifier: MIT */
/*
 * MADV_DONTNEED throws pages away at once: private memory is zero again, a private file mapping
 * shows the file again, and shared memory keeps what it had. One call goes through several areas, as
 * far as the first that is locked (EINVAL), and over holes (ENOMEM).
 */
#include "tests/test.h"

#define MANY 8u

/* Pages of their own areas, as every second may only be read. */
static char *many_areas(void)
{
	char *memory = memory_map(MANY * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < MANY; i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t i = 1; i < MANY; i += 2)
		CHECK(mprotect(memory + i * PAGE, PAGE, PROT_READ) == 0, "page %u", i);
	return memory;
}

/* Those before `from` and from `to` on are as they were, those between are zero. */
static void expect_dropped(const char *memory, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < MANY; i++)
		CHECK(i >= from && i < to ? all_bytes_are(memory + i * PAGE, PAGE, 0)
		                          : page_has(memory + i * PAGE, i), "page %u of %u to %u",
		      i, from, to);
}

static void several_areas(void)
{
	char *memory = many_areas();

	CHECK(madvise(memory + PAGE, 5 * PAGE, MADV_DONTNEED) == 0, "five areas");
	expect_dropped(memory, 1, 6);
	memory = many_areas();
	CHECK(mlock(memory + 5 * PAGE, PAGE) == 0, "the sixth is locked");
	CHECK_ERRNO(madvise(memory + 2 * PAGE, 6 * PAGE, MADV_DONTNEED), EINVAL);
	expect_dropped(memory, 2, 5);
	memory = many_areas();
	CHECK(munmap(memory + 3 * PAGE, PAGE) == 0, "a hole");
	CHECK_ERRNO(madvise(memory + PAGE, 6 * PAGE, MADV_DONTNEED), ENOMEM);
	for (uint32_t i = 0; i < MANY; i++)
		CHECK(i == 3 || (i >= 1 && i < 7 ? all_bytes_are(memory + i * PAGE, PAGE, 0)
		                                 : page_has(memory + i * PAGE, i)),
		      "page %u, beside a hole", i);
}

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
	several_areas();
	say("pages were thrown away on advice");
	return 0;
}
