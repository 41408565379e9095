/* SPDX-License-Identifier: MIT */
/*
 * MADV_DONTFORK: a child does not get the pages, nor has it anything there; MADV_DOFORK takes that
 * back. With MADV_WIPEONFORK it gets zeros in their place, and so does the child's own child.
 */
#include "tests/test.h"

/* A child looks whether nothing is there, or the pattern of page n, or for n -1 zeros; and so do its
 * own children, down to so many generations. */
static void child_sees(char *page, bool there, int n, int generations)
{
	unsigned char in_core;
	pid_t child = fork_checked();

	if (!child) {
		if (!there)
			CHECK_ERRNO(mincore(page, PAGE, &in_core), ENOMEM);
		else if (n < 0)
			CHECK(all_bytes_are(page, PAGE, 0), "zeros in the child");
		else
			CHECK(page_has(page, n), "the parent's bytes in the child");
		if (generations > 1)
			child_sees(page, there, n, generations - 1);
		_exit(0);
	}
	wait_success(child);
}

int main(void)
{
	char *memory = memory_map(5 * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < 5; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(madvise(memory + PAGE, PAGE, MADV_DONTFORK) == 0, "the second is not for children");
	CHECK(madvise(memory + 3 * PAGE, PAGE, MADV_WIPEONFORK) == 0, "the fourth is to be wiped");
	child_sees(memory, true, 0, 1);
	child_sees(memory + PAGE, false, 0, 2);
	child_sees(memory + 2 * PAGE, true, 2, 2);
	child_sees(memory + 3 * PAGE, true, -1, 2);
	child_sees(memory + 4 * PAGE, true, 4, 1);
	CHECK(madvise(memory + PAGE, PAGE, MADV_DOFORK) == 0, "it is for children, again");
	CHECK(madvise(memory + 3 * PAGE, PAGE, MADV_KEEPONFORK) == 0, "and not wiped any more");
	child_sees(memory + PAGE, true, 1, 2);
	child_sees(memory + 3 * PAGE, true, 3, 2);
	for (uint32_t i = 0; i < 5; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is the parent's as before", i);
	CHECK_ERRNO(madvise(memory + 1, PAGE, MADV_DONTFORK), EINVAL);
	say("children got what they were to get");
	return 0;
}
