/* SPDX-License-Identifier: MIT */
/*
 * Pages that are being read from swap ahead of their use when the program has no more need of
 * them: it unmaps them, or ends. (A frame was once freed under a transfer.)
 *
 * guest: mem=8 swap=64 timeout=90
 */
#include "tests/test.h"

#define MOST PAGES(12 * MIB)

/* Looks at a few pages in a row, so that the next ones are read ahead, and lets all go. */
static void look_and_go(char *memory, uint32_t first, bool unmap)
{
	for (uint32_t i = first; i < first + 12; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	if (unmap)
		CHECK(munmap(memory, MOST * PAGE) == 0, "unmap");
}

static void round_of(bool unmap)
{
	char *memory = memory_map(MOST * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < MOST; i++)
		page_fill(memory + i * PAGE, i);
	look_and_go(memory, 100, unmap);
	if (!unmap)
		_exit(0);
}

static void end_early(void *unused)
{
	(void)unused;
	round_of(false);
}

int main(void)
{
	for (int i = 0; i < 8; i++)
		round_of(true);
	for (int i = 0; i < 8; i++)
		in_child(end_early, NULL);
	say("16 times 12 MiB, gone while the next pages were on their way");
	return 0;
}
