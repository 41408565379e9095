/* SPDX-License-Identifier: MIT */
/*
 * The last owner of a shared page does not copy it: when the child has gone, the parent's write
 * keeps the frame it has (as pagemap shows).
 *
 * guest: linux-root
 */
#include "tests/test.h"

static char *memory;

static void child(void *unused)
{
	(void)unused;
	CHECK(page_has(memory, 1), "the child has the page");
}

int main(void)
{
	uint64_t before, after;

	memory = memory_map(PAGE, PROT_READ | PROT_WRITE);
	page_fill(memory, 1);
	before = pagemap_entry(memory) & PAGEMAP_FRAME;
	CHECK(before != 0, "pagemap tells the frame");
	in_child(child, NULL);
	page_fill(memory, 2);
	after = pagemap_entry(memory) & PAGEMAP_FRAME;
	CHECK(after == before || !pages_stay(), "the same frame: %#llx, not %#llx",
	      (unsigned long long)before, (unsigned long long)after);
	CHECK(page_has(memory, 2), "with the new content");
	say("frame %#llx was kept", (unsigned long long)before);
	return 0;
}
