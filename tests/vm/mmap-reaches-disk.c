/* SPDX-License-Identifier: MIT */
/*
 * What is written through a shared mapping reaches the disk: afterwards the host looks for it in
 * the disk's image. One file is synced by msync(2), the other by unmapping and sync(2).
 *
 * guest: writes host=mmap-reaches-disk
 */
#include "tests/test.h"

int main(void)
{
	const char *names[] = {"by-msync", "by-sync"};

	for (uint32_t n = 0; n < 2; n++) {
		int fd = file_make(names[n], 3, 1);
		char *memory = file_map(fd, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

		CHECK(fsync(fd) == 0, "the old content is on the disk");
		for (uint32_t i = 0; i < 3 * PAGE; i++)
			memory[i] = 'A' + (i / PAGE * 7 + i % 19 + n) % 26;
		if (n == 0)
			CHECK(msync(memory, 3 * PAGE, MS_SYNC) == 0, "msync");
		CHECK(munmap(memory, 3 * PAGE) == 0 && close(fd) == 0, "let go");
	}
	sync();
	say("two files were written through mappings");
	return 0;
}
