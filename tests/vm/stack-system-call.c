/* SPDX-License-Identifier: MIT */
/*
 * The kernel itself may be the first to touch a page of the stack: read(2) into a local buffer of
 * 256 KiB that was never touched fills it.
 */
#include "tests/test.h"

static __attribute__((noinline)) void read_into_stack(int fd)
{
	char buffer[64 * PAGE];
	size_t got = 0;

	while (got < sizeof(buffer)) {
		ssize_t n = read(fd, buffer + got, sizeof(buffer) - got);

		CHECK(n > 0, "read goes on at %zu", got);
		got += n;
	}
	for (uint32_t i = 0; i < 64; i++)
		CHECK(page_has(buffer + i * PAGE, 700 + i), "page %u was read", i);
}

int main(void)
{
	int fd = file_make("data", 64, 700);

	CHECK(lseek(fd, 0, SEEK_SET) == 0, "seek to the start");
	read_into_stack(fd);
	say("read(2) made the stack grow by 64 pages");
	return 0;
}
