/* SPDX-License-Identifier: MIT */
/*
 * Copy-on-write of pages that are on the swap device: 12 MiB are written, then pushed out by
 * others, shared by fork(2), and each process finds and changes its own.
 *
 * guest: mem=8 swap=64 timeout=90
 */
#include "tests/test.h"

#define BYTES (12 * MIB)

static char *memory;

static void child(void *number_pointer)
{
	uint32_t number = (uintptr_t)number_pointer;

	for (uint32_t i = 0; i < PAGES(BYTES); i++) {
		CHECK(page_has(memory + i * PAGE, i), "child %u has page %u", number, i);
		if (i % 3 == number)
			page_fill(memory + i * PAGE, number << 16 | i);
	}
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i % 3 == number ? number << 16 | i : i),
		      "child %u's page %u", number, i);
}

int main(void)
{
	pid_t children[2];

	memory = memory_map(BYTES, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	for (uintptr_t n = 0; n < 2; n++) {
		children[n] = fork_checked();
		if (!children[n]) {
			child((void *)(n + 1));
			_exit(0);
		}
	}
	for (uint32_t n = 0; n < 2; n++)
		wait_success(children[n]);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i), "the parent's page %u", i);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i + 7);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i + 7), "the parent can change page %u", i);
	say("12 MiB on swap were shared by three processes");
	return 0;
}
