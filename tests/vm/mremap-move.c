/* SPDX-License-Identifier: MIT */
/*
 * mremap(2) to a fixed address moves the pages, anonymous or of a file, replaces what was
 * there and leaves nothing behind.
 */
#include "tests/test.h"

static void move(char *from, char *to, uint32_t pages, uint32_t seed)
{
	CHECK(mremap(from, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to,
	      "the mapping moves to the given place");
	for (uint32_t i = 0; i < pages; i++)
		CHECK(page_has(to + i * PAGE, seed + i), "page %u has moved", i);
	CHECK_DIES(read_byte, from, SIGSEGV, SEGV_MAPERR, from);
}

int main(void)
{
	int fd = file_make("data", 6, 50);
	char *room = memory_map(64 * PAGE, PROT_READ | PROT_WRITE);
	char *memory = memory_map(6 * PAGE, PROT_READ | PROT_WRITE);
	char *file = file_map(fd, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	static char page[PAGE];

	memset(room, 1, 64 * PAGE);
	for (uint32_t i = 0; i < 6; i++)
		page_fill(memory + i * PAGE, i);
	move(memory, room + 10 * PAGE, 6, 0);
	move(file, room + 20 * PAGE, 6, 50);
	CHECK(all_bytes_are(room + 16 * PAGE, 4 * PAGE, 1), "what lies between is as before");
	page_fill(room + 22 * PAGE, 1052);
	CHECK(pread(fd, page, PAGE, 2 * PAGE) == (ssize_t)PAGE && page_has(page, 1052),
	      "the moved mapping still writes to the file");
	CHECK_ERRNO((long)mremap(room + 10 * PAGE, 6 * PAGE, 6 * PAGE,
	                         MREMAP_MAYMOVE | MREMAP_FIXED, room + 12 * PAGE), EINVAL);
	CHECK_ERRNO((long)mremap(memory, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	say("memory and a file moved");
	return 0;
}
