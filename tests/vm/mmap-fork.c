/* SPDX-License-Identifier: MIT */
/*
 * A child inherits its parent's mappings: private ones as a copy, shared ones as the same memory,
 * and what it unmaps stays with the parent.
 */
#include "tests/test.h"

static char *private, *shared, *file;

static void child(void *unused)
{
	(void)unused;
	CHECK(page_has(private, 1) && page_has(shared, 2) && page_has(file, 90), "all inherited");
	page_fill(private, 11);
	page_fill(shared, 12);
	page_fill(file, 190);
	CHECK(munmap(private, PAGE) == 0 && munmap(shared, PAGE) == 0 && munmap(file, PAGE) == 0,
	      "the child unmaps its own");
}

int main(void)
{
	private = memory_map(PAGE, PROT_READ | PROT_WRITE);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED, "shared memory");
	file = file_map(file_make("data", 1, 90), PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	page_fill(private, 1);
	page_fill(shared, 2);
	in_child(child, NULL);
	CHECK(page_has(private, 1), "the private page is as it was");
	CHECK(page_has(shared, 12), "the shared page has the child's content");
	CHECK(page_has(file, 190), "the file too");
	say("private is copied, shared is shared");
	return 0;
}
