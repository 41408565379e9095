/* SPDX-License-Identifier: MIT */
/*
 * fork(2) shares frames: parent and child have the same frame for a page until one of them
 * writes; then they have two.
 *
 * guest: linux-root
 */
#include "tests/test.h"

static char *memory;
static uint64_t parents_frame;

static void child(void *unused)
{
	(void)unused;
	CHECK(page_has(memory, 1), "the child has the page");
	CHECK((pagemap_entry(memory) & PAGEMAP_FRAME) == parents_frame || !pages_stay(),
	      "in the parent's frame");
	page_fill(memory, 2);
	CHECK((pagemap_entry(memory) & PAGEMAP_FRAME) != parents_frame || !pages_stay(),
	      "then in one of its own");
	CHECK(page_has(memory, 2), "with the new content");
}

int main(void)
{
	memory = memory_map(PAGE, PROT_READ | PROT_WRITE);
	page_fill(memory, 1);
	parents_frame = pagemap_entry(memory) & PAGEMAP_FRAME;
	CHECK(parents_frame != 0, "pagemap tells the frame");
	in_child(child, NULL);
	CHECK(page_has(memory, 1), "the parent's content");
	CHECK((pagemap_entry(memory) & PAGEMAP_FRAME) == parents_frame || !pages_stay(),
	      "in the frame it had");
	say("one frame for two processes, until the first write");
	return 0;
}
