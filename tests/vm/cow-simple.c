/* SPDX-License-Identifier: MIT */
/*
 * After fork(2) the child has the parent's memory, and what either writes the other does not see.
 * Pages that nobody writes stay shared and equal.
 */
#include "tests/test.h"

static char *memory;

static void child(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < 16; i++)
		CHECK(page_has(memory + i * PAGE, i), "the child has page %u", i);
	for (uint32_t i = 0; i < 16; i += 2)
		page_fill(memory + i * PAGE, 100 + i);
	for (uint32_t i = 0; i < 16; i++)
		CHECK(page_has(memory + i * PAGE, i % 2 ? i : 100 + i), "the child's page %u", i);
}

int main(void)
{
	memory = memory_map(16 * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < 16; i++)
		page_fill(memory + i * PAGE, i);
	in_child(child, NULL);
	for (uint32_t i = 0; i < 16; i++)
		CHECK(page_has(memory + i * PAGE, i), "the parent's page %u has not changed", i);
	say("the child wrote 8 of 16 pages, the parent kept its own");
	return 0;
}
