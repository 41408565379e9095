/* SPDX-License-Identifier: MIT */
/*
 * Files on an ATA disk, by bus-master DMA: 8 MiB are written, read back and removed. Without DMA:
 * fs/pio-disk.
 *
 * guest: mem=8 swap=0 disk=ata writes
 */
#include "tests/test.h"

int main(void)
{
	int fd = file_make("data", PAGES(8 * MIB), 1);
	static char page[PAGE];

	CHECK(fsync(fd) == 0, "fsync");
	for (uint32_t i = PAGES(8 * MIB); i-- > 0;) {
		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "read page %u", i);
		CHECK(page_has(page, 1 + i), "page %u", i);
	}
	CHECK(close(fd) == 0 && unlink("data") == 0, "remove it");
	say("8 MiB to an ATA disk and back");
	return 0;
}
