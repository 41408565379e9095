/* SPDX-License-Identifier: MIT */
/*
 * The first write to a page table that fork shared gives the writer an empty one. What it had read
 * by the shared one is forgotten: pages that are unmapped after that are really gone.
 *
 * tlb: pagedir_release 1
 */
#include "tests/test.h"

#define COUNT 256u

static char *memory;

static void child(void *unused)
{
	(void)unused;
	CHECK(page_has(memory, 1), "the child reads a page");
	memory[(COUNT - 1) * PAGE] = 1; /* and writes to another */
	CHECK(munmap(memory, PAGE) == 0, "munmap");
	CHECK(mmap(memory, PAGE, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	      memory, "mmap in its place");
	CHECK(all_bytes_are(memory, PAGE, 0), "the new page is of zeros");
}

int main(void)
{
	memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i + 1);
	for (uint32_t round = 0; round < 20; round++)
		in_child(child, NULL);
	CHECK(page_has(memory, 1), "the parent has its page");
	say("20 children read a page, wrote another, and had a new one in place of the first");
	return 0;
}
