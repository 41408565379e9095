/* SPDX-License-Identifier: MIT */
/*
 * Swap and files on ATA disks, by bus-master DMA: 14 MiB of memory and a file of 4 MiB in a guest
 * with 8 MiB.
 *
 * guest: mem=8 swap=48 disk=ata timeout=60 writes
 */
#include "tests/test.h"

#define BYTES (14 * MIB)

int main(void)
{
	char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE), *file;
	int fd;

	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	fd = file_make("data", PAGES(4 * MIB), 9000);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u came back", i);
	file = file_map(fd, 4 * MIB, PROT_READ, MAP_SHARED);
	for (uint32_t i = 0; i < PAGES(4 * MIB); i++)
		CHECK(page_has(file + i * PAGE, 9000 + i), "page %u of the file", i);
	CHECK(fsync(fd) == 0, "fsync");
	say("14 MiB by swap and 4 MiB by file");
	return 0;
}
