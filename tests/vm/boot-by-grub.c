/* SPDX-License-Identifier: MIT */
/*
 * The whole way: GRUB loads the kernel from the ISO image, and this program runs and uses memory.
 *
 * guest: grub mem=32 swap=16
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(4 * MIB, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(4 * MIB); i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t i = 0; i < PAGES(4 * MIB); i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u", i);
	say("MemTotal %ld KiB", meminfo("MemTotal"));
	return 0;
}
