/* SPDX-License-Identifier: MIT */
/*
 * A swap area of which a slot cannot be read: swapoff says EIO and the area stays in use, until
 * the page is gone.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: mem=8 swap=16 errors="swap:read:300-310" pagoda-only
 */
#include "tests/test.h"

#define COUNT PAGES(8 * MIB)

int main(void)
{
	CHECK(mlockall(MCL_CURRENT) == 0, "what runs stays in memory");
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(munmap(memory + COUNT / 2 * PAGE, COUNT / 2 * PAGE) == 0, "room for what comes in");
	long used = meminfo("SwapTotal") - meminfo("SwapFree");
	CHECK_ERRNO(syscall(__NR_swapoff, "/dev/vdb"), EIO);
	CHECK(meminfo("SwapTotal") == 16 * 1024 - 4, "the area stays in use");
	CHECK(munmap(memory, COUNT / 2 * PAGE) == 0, "the rest goes, too");
	CHECK(syscall(__NR_swapoff, "/dev/vdb") == 0, "then swapoff succeeds");
	say("%ld KiB were in use when swapoff failed", used);
	CHECK(meminfo("SwapTotal") == 0, "no swap is left");
	return 0;
}
