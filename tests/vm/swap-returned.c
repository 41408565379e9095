/* SPDX-License-Identifier: MIT */
/*
 * Swap space is given back when a process ends: SwapFree is what it was, and six processes one
 * after the other can use more swap than there is.
 *
 * guest: mem=8 swap=16 timeout=60
 */
#include "tests/test.h"

#define BYTES (14 * MIB)

static void use_swap(void *seed)
{
	char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, (uintptr_t)seed + i);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, (uintptr_t)seed + i), "page %u is intact", i);
	if (machine_is_ours())
		CHECK(meminfo("SwapTotal") - meminfo("SwapFree") > 4096, "swap is in use");
}

int main(void)
{
	long before = meminfo("SwapFree"), after;

	for (uintptr_t round = 0; round < 6; round++)
		in_child(use_swap, (void *)(round * 100000));
	after = meminfo("SwapFree");
	if (machine_is_ours())
		CHECK(before - after < 512, "swap was given back, all but %ld KiB", before - after);
	say("SwapFree: %ld KiB before, %ld after", before, after);
	return 0;
}
