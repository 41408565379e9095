/* SPDX-License-Identifier: MIT */
/*
 * A swap device of more than 16 GiB is not used, at boot or by swapon(2): a slot's number has no
 * room for it. The machine runs without swap.
 *
 * pagoda-only: the limit is Pagoda's.
 * guest: mem=16 swap=16400 pagoda-only
 */
#include "tests/disk.h"

#include <sys/swap.h>

int main(void)
{
	char *memory;

	CHECK(meminfo("SwapTotal") == 0, "no swap is in use");
	CHECK(access(disk_path(DISK_SWAP), R_OK) == 0, "though there is a device");
	CHECK_ERRNO(swapon(disk_path(DISK_SWAP), 0), EINVAL);
	memory = memory_map(MIB, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < PAGES(MIB); i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t i = 0; i < PAGES(MIB); i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	say("a swap device of 16,400 MiB was refused");
	return 0;
}
