/* SPDX-License-Identifier: MIT */
/*
 * Shortening a file takes away its mapped pages: touching them is SIGBUS, and when the file grows
 * again they are zero. A private copy of a page goes too.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 6, 160);
	char *shared = file_map(fd, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *private = file_map(fd, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	for (uint32_t i = 0; i < 6; i++)
		CHECK(page_has(shared + i * PAGE, 160 + i), "page %u at first", i);
	private[4 * PAGE] = 1;
	CHECK(ftruncate(fd, 2 * PAGE + 100) == 0, "cut the file in its third page");
	CHECK(page_has(shared + PAGE, 161), "the second page stays");
	CHECK(all_bytes_are(shared + 2 * PAGE + 100, PAGE - 100, 0), "the cut tail is zero");
	CHECK(*(uint32_t *)(shared + 2 * PAGE) == pattern(162, 0), "what is before it stays");
	CHECK_DIES(read_byte, shared + 3 * PAGE, SIGBUS, BUS_ADRERR, shared + 3 * PAGE);
	CHECK_DIES(write_byte, shared + 5 * PAGE, SIGBUS, BUS_ADRERR, shared + 5 * PAGE);
	CHECK_DIES(read_byte, private + 4 * PAGE, SIGBUS, BUS_ADRERR, private + 4 * PAGE);
	CHECK(ftruncate(fd, 6 * PAGE) == 0, "let it grow again");
	for (uint32_t i = 3; i < 6; i++)
		CHECK(all_bytes_are(shared + i * PAGE, PAGE, 0), "page %u is zero now", i);
	say("a truncated file lost its mapped pages");
	return 0;
}
