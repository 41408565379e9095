/* SPDX-License-Identifier: MIT */
/*
 * Errors that go away when the kernel tries again are nobody's business: slots of swap fail once
 * to be written and once to be read, a page of a file once to be read, and all is intact.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: errors="root:read-once:5 swap:read-once:100 swap:read-once:900 swap:write-once:300"
 * guest: mem=8 swap=8 pagoda-only
 */
#include "tests/test.h"

#define COUNT PAGES(10 * MIB)

int main(void)
{
	static char bytes[12 * PAGE];
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	int fd = open("/root/errors", O_RDWR);

	CHECK(read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes), "the file can be read");
	for (uint32_t i = 0; i < 12; i++)
		CHECK(all_bytes_are(bytes + i * PAGE, PAGE, 'a' + i), "page %u is right", i);

	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < COUNT; i++)
			CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	CHECK(proc_number("/proc/vmstat", "pswpin") >= 100, "pages came from swap");
	say("nobody noticed");
	return 0;
}
