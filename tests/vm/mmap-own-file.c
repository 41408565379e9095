/* SPDX-License-Identifier: MIT */
/*
 * read(2) and write(2) whose buffer is a mapping of the very same file and page come to an end
 * and give the right bytes.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 4, 170);
	char *memory = file_map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	CHECK(pread(fd, memory, PAGE, 0) == (ssize_t)PAGE, "read page 0 into itself");
	CHECK(page_has(memory, 170), "it is what it was");
	CHECK(pwrite(fd, memory + PAGE, PAGE, PAGE) == (ssize_t)PAGE, "write page 1 from itself");
	CHECK(page_has(memory + PAGE, 171), "it is what it was");
	CHECK(pread(fd, memory, PAGE, 2 * PAGE) == (ssize_t)PAGE, "read page 2 into page 0");
	CHECK(page_has(memory, 172), "page 0 has page 2's content");
	CHECK(pwrite(fd, memory + 3 * PAGE, PAGE, PAGE) == (ssize_t)PAGE, "write page 3 to page 1");
	CHECK(page_has(memory + PAGE, 173), "page 1 has page 3's content");
	CHECK(pwrite(fd, memory + 3 * PAGE, PAGE, 4 * PAGE) == (ssize_t)PAGE, "append page 3");
	CHECK(lseek(fd, 0, SEEK_END) == 5 * PAGE, "the file has five pages");
	say("a file was read and written through its own mapping");
	return 0;
}
