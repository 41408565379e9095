/* SPDX-License-Identifier: MIT */
/*
 * A file that is removed while it is mapped lives on until the mapping goes: it can be read and
 * written, also after another file has taken its name.
 *
 * guest: writes
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", 16, 100), other;
	char *memory = file_map(fd, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	CHECK(page_has(memory, 100), "its first page");
	CHECK(close(fd) == 0 && unlink("data") == 0, "close and remove the file");
	other = file_make("data", 16, 5000);
	for (uint32_t i = 0; i < 16; i++)
		CHECK(page_has(memory + i * PAGE, 100 + i), "page %u of the removed file", i);
	page_fill(memory + 7 * PAGE, 999);
	CHECK(msync(memory, 16 * PAGE, MS_SYNC) == 0, "msync");
	CHECK(page_has(memory + 7 * PAGE, 999), "it can still be written");
	CHECK(munmap(memory, 16 * PAGE) == 0, "munmap");
	memory = file_map(other, 16 * PAGE, PROT_READ, MAP_SHARED);
	for (uint32_t i = 0; i < 16; i++)
		CHECK(page_has(memory + i * PAGE, 5000 + i), "page %u of the new file", i);
	say("a removed file was read and written through its mapping");
	return 0;
}
