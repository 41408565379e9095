/* SPDX-License-Identifier: MIT */
/*
 * A mapping may start at any page of the file; an offset within a page is EINVAL.
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 16, 40);
	char *tail = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 13 * PAGE);
	char *middle = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 5 * PAGE);
	static char page[PAGE];

	CHECK(tail != MAP_FAILED && middle != MAP_FAILED, "two mappings with offsets");
	for (uint32_t i = 0; i < 3; i++)
		CHECK(page_has(tail + i * PAGE, 53 + i), "page %u of the tail", i);
	CHECK(page_has(middle, 45) && page_has(middle + PAGE, 46), "the middle");
	page_fill(middle + PAGE, 1046);
	CHECK(pread(fd, page, PAGE, 6 * PAGE) == (ssize_t)PAGE && page_has(page, 1046),
	      "a write lands at the right page of the file");
	CHECK_ERRNO(syscall(__NR_mmap2, NULL, PAGE, PROT_READ, MAP_SHARED, -2, 0), EBADF);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 100), EINVAL);
	say("mappings from page 13 and page 5 of a file");
	return 0;
}
