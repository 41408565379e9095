/* SPDX-License-Identifier: MIT */
/*
 * A page that parent and child share since fork, and that the child gives up: the child finds
 * zeros there, the parent what it wrote.
 *
 * guest: mem=8
 */
#include "tests/test.h"

#define COUNT 16u

static char *memory;

static void child(void *unused)
{
	(void)unused;
	CHECK(page_has(memory, 0), "the child has the parent's memory");
	CHECK(madvise(memory, COUNT / 2 * PAGE, MADV_DONTNEED) == 0, "half of it is given up");
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(i < COUNT / 2 ? all_bytes_are(memory + i * PAGE, PAGE, 0)
		                    : page_has(memory + i * PAGE, i),
		      "page %u of the child", i);
}

int main(void)
{
	memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	in_child(child, NULL);
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u of the parent is untouched", i);
	say("the child gave up %u of %u pages, the parent has them all", COUNT / 2, COUNT);
	return 0;
}
