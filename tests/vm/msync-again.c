/* SPDX-License-Identifier: MIT */
/*
 * A page that is written again after msync(2) is dirty again: the last content reaches the disk,
 * not the one that was synced before. Afterwards the host looks for it in the disk's image.
 *
 * guest: writes host=msync-again
 */
#include "tests/test.h"

#define COUNT 16

int main(void)
{
	int fd = open("again", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char *memory;

	CHECK(fd >= 0 && ftruncate(fd, COUNT * PAGE) == 0, "a file of %u pages", COUNT);
	memory = file_map(fd, COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	for (uint32_t i = 0; i < COUNT; i++) {
		volatile char *page = memory + i * PAGE;

		for (char content = 'a'; content < 'f'; content++) {
			page[0] = page[PAGE - 1] = content;
			if (content == 'e')
				break;
			CHECK(msync((void *)page, PAGE, MS_SYNC) == 0, "msync page %u", i);
		}
	}
	CHECK(munmap(memory, COUNT * PAGE) == 0 && close(fd) == 0, "let go");
	sync();
	say("16 pages were written five times each and synced four times");
	return 0;
}
