/* SPDX-License-Identifier: MIT */
/*
 * Buffers that were never touched are as good as any: read(2) fills 2 MiB of fresh memory,
 * write(2) writes 2 MiB of untouched zeros, and both work on pages out on swap.
 *
 * guest: mem=8 swap=64 timeout=60 writes
 */
#include "tests/test.h"

#define BYTES (2 * MIB)

int main(void)
{
	int fd = file_make("data", PAGES(BYTES), 800);
	char *fresh = memory_map(BYTES, PROT_READ | PROT_WRITE);
	char *zeros = memory_map(BYTES, PROT_READ | PROT_WRITE);
	char *large = memory_map(12 * MIB, PROT_READ | PROT_WRITE);

	CHECK(pread(fd, fresh, BYTES, 0) == (ssize_t)BYTES, "read 2 MiB at once");
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(fresh + i * PAGE, 800 + i), "page %u was read", i);
	CHECK(pwrite(fd, zeros, BYTES, 0) == (ssize_t)BYTES, "write 2 MiB of zeros");

	for (uint32_t i = 0; i < PAGES(12 * MIB); i++)
		page_fill(large + i * PAGE, i); /* pushes everything else out */
	CHECK(pwrite(fd, fresh, BYTES, BYTES) == (ssize_t)BYTES, "write what is on swap");
	CHECK(pread(fd, large, BYTES, BYTES) == (ssize_t)BYTES, "read over what is on swap");
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(large + i * PAGE, 800 + i), "page %u", i);
	for (uint32_t i = PAGES(BYTES); i < PAGES(12 * MIB); i++)
		CHECK(page_has(large + i * PAGE, i), "page %u behind it", i);
	CHECK(pread(fd, large, BYTES, 0) == (ssize_t)BYTES, "read the zeros back");
	CHECK(all_bytes_are(large, BYTES, 0), "they are zeros");
	say("system calls worked on memory that was not there");
	return 0;
}
