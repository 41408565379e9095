/* SPDX-License-Identifier: MIT */
/*
 * Files on an ATA disk in a PC that has no DMA, as one without PCI: the kernel says so in a line, and
 * what is written is read back, as what went to the swap disk on the same channel.
 *
 * pagoda-only: it is about the guest's machine.
 * guest: mem=8 swap=16 disk=pio timeout=120 writes pagoda-only
 */
#include "tests/disk.h"

#define FILE_PAGES PAGES(MIB)
#define MEMORY_PAGES PAGES(8 * MIB)

int main(void)
{
	static char page[PAGE];
	CHECK(log_says("hda: no DMA") && log_says("hdb: no DMA"), "a line for each disk says so");
	int fd = file_make("data", FILE_PAGES, 1);
	CHECK(fsync(fd) == 0, "fsync");

	char *memory = mmap(NULL, MEMORY_PAGES * PAGE, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED, "memory");
	for (uint32_t i = 0; i < MEMORY_PAGES; i++)
		page_fill(memory + i * PAGE, 7 + i);

	for (uint32_t i = FILE_PAGES; i-- > 0;) {
		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "read page %u", i);
		CHECK(page_has(page, 1 + i), "page %u of the file", i);
	}
	for (uint32_t i = 0; i < MEMORY_PAGES; i++)
		CHECK(page_has(memory + i * PAGE, 7 + i), "page %u of memory", i);
	CHECK(close(fd) == 0 && unlink("data") == 0, "remove it");
	say("1 MiB to the disk and back, and 8 MiB of memory in 8 with the other one");
	return 0;
}
