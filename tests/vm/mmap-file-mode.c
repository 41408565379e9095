/* SPDX-License-Identifier: MIT */
/*
 * A mapping may not do to a file what its descriptor may not: no shared writing through one
 * opened for reading, no mapping at all of one opened for writing only, nor of a pipe.
 */
#include "tests/test.h"

int main(void)
{
	int made = file_make("data", 2, 70), reading, writing, pipe_ends[2];
	char *memory;

	reading = open("data", O_RDONLY);
	writing = open("data", O_WRONLY);
	CHECK(made >= 0 && reading >= 0 && writing >= 0, "three descriptors");
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reading, 0), EACCES);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, writing, 0), EACCES);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_WRITE, MAP_PRIVATE, writing, 0), EACCES);

	memory = file_map(reading, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	page_fill(memory, 1);
	CHECK(page_has(memory, 1), "a private mapping may be written all the same");

	memory = file_map(reading, PAGE, PROT_READ, MAP_SHARED);
	CHECK_ERRNO(mprotect(memory, PAGE, PROT_READ | PROT_WRITE), EACCES);
	CHECK(page_has(memory, 70), "and the file has not changed");
	CHECK(pipe(pipe_ends) == 0, "a pipe");
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, pipe_ends[0], 0), ENODEV);
	say("modes of descriptors hold for mappings");
	return 0;
}
