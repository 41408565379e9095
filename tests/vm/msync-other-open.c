/* SPDX-License-Identifier: MIT */
/*
 * After msync(2) with MS_SYNC another program that opens the file finds what was written. Bad
 * arguments are refused.
 *
 * guest: writes
 */
#include "tests/test.h"

static void other(void *unused)
{
	int fd = open("data", O_RDONLY);
	static char page[PAGE];

	(void)unused;
	for (uint32_t i = 0; i < 32; i++) {
		CHECK(read(fd, page, PAGE) == (ssize_t)PAGE, "read page %u", i);
		CHECK(page_has(page, 3000 + i), "page %u has the new content", i);
	}
}

int main(void)
{
	char *memory = file_map(file_make("data", 32, 1), 32 * PAGE, PROT_READ | PROT_WRITE,
	                        MAP_SHARED);

	for (uint32_t i = 0; i < 32; i++)
		page_fill(memory + i * PAGE, 3000 + i);
	CHECK(msync(memory, 32 * PAGE, MS_SYNC) == 0, "msync");
	in_child(other, NULL);
	CHECK(msync(memory, PAGE, MS_ASYNC) == 0, "MS_ASYNC is fine too");
	CHECK_ERRNO(msync(memory + 1, PAGE, MS_SYNC), EINVAL);
	CHECK_ERRNO(msync(memory, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK(munmap(memory + 4 * PAGE, PAGE) == 0, "a hole");
	CHECK_ERRNO(msync(memory, 32 * PAGE, MS_SYNC), ENOMEM);
	say("32 pages synced");
	return 0;
}
