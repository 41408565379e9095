/* SPDX-License-Identifier: MIT */
/*
 * Where a file ends within a page, the rest of that page reads as zeros, and what is written
 * there does not become part of the file.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char *memory, bytes[300];

	memset(bytes, 'q', sizeof(bytes));
	CHECK(fd >= 0 && write(fd, bytes, 100) == 100, "a file of 100 bytes");
	memory = file_map(fd, 100, PROT_READ | PROT_WRITE, MAP_SHARED);
	CHECK(all_bytes_are(memory, 100, 'q'), "its bytes");
	CHECK(all_bytes_are(memory + 100, PAGE - 100, 0), "then zeros to the end of the page");
	memset(memory + 100, 'x', 50);
	memory[99] = 'r';
	CHECK(munmap(memory, 100) == 0 && close(fd) == 0, "let go");

	fd = open("data", O_RDWR);
	CHECK(read(fd, bytes, sizeof(bytes)) == 100, "the file still has 100 bytes");
	CHECK(all_bytes_are(bytes, 99, 'q') && bytes[99] == 'r', "with the last one changed");
	say("a file of 100 bytes: 3996 zeros follow it in memory, none in the file");
	return 0;
}
