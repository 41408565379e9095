/* SPDX-License-Identifier: MIT */
/*
 * Shared anonymous memory is one memory for parent and child: both see what either writes, also
 * pages first touched after the fork.
 */
#include "tests/test.h"

static char *memory;

static void child_writes(void *unused)
{
	(void)unused;
	CHECK(page_has(memory, 1), "the child sees what the parent wrote before");
	CHECK(all_bytes_are(memory + PAGE, 3 * PAGE, 0), "the other pages are zero");
	page_fill(memory + PAGE, 2);
	page_fill(memory, 3);
}

int main(void)
{
	memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED, "shared anonymous memory");
	page_fill(memory, 1);
	in_child(child_writes, NULL);
	CHECK(page_has(memory, 3), "the parent sees the child's change");
	CHECK(page_has(memory + PAGE, 2), "and the page that the child touched first");
	CHECK(all_bytes_are(memory + 2 * PAGE, 2 * PAGE, 0), "the rest is zero");
	say("parent and child share 4 pages");
	return 0;
}
