/* SPDX-License-Identifier: MIT */
/*
 * Shared anonymous memory larger than the RAM goes to swap as well and stays one memory for both
 * processes: 14 MiB in a guest with 8.
 *
 * guest: mem=8 swap=48 timeout=60
 */
#include "tests/test.h"

#define BYTES (14 * MIB)

static char *memory;

static void child(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < PAGES(BYTES); i++) {
		CHECK(page_has(memory + i * PAGE, i), "the child sees page %u", i);
		if (i % 2)
			page_fill(memory + i * PAGE, 50000 + i);
	}
}

int main(void)
{
	memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED, "14 MiB of shared memory");
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	in_child(child, NULL);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i % 2 ? 50000 + i : i), "page %u", i);
	say("14 MiB of shared memory went out and came back");
	return 0;
}
