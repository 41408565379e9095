/* SPDX-License-Identifier: MIT */
/*
 * fork(2) while memory is short: a process with 10 MiB in a guest with 8 forks again and again,
 * each child changes a part and checks everything.
 *
 * guest: mem=8 swap=64 timeout=90
 */
#include "tests/test.h"

#define BYTES (10 * MIB)

static char *memory;

static void child(void *number_pointer)
{
	uint32_t number = (uintptr_t)number_pointer;

	for (uint32_t i = number; i < PAGES(BYTES); i += 10) {
		CHECK(page_has(memory + i * PAGE, i), "child %u finds page %u", number, i);
		page_fill(memory + i * PAGE, i * 100 + number);
	}
	for (uint32_t i = 0; i < PAGES(BYTES); i += 3)
		CHECK(page_has(memory + i * PAGE, i % 10 == number ? i * 100 + number : i),
		      "child %u, page %u", number, i);
}

int main(void)
{
	memory = memory_map(BYTES, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	for (uintptr_t number = 0; number < 6; number++)
		in_child(child, (void *)number);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i), "the parent's page %u", i);
	say("6 children of a process larger than memory");
	return 0;
}
