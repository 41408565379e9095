/* SPDX-License-Identifier: MIT */
/*
 * A program moves a part of its own data segment, of which nothing was in memory yet: the pages
 * come from the program's file at the new place too, and where the file's part ends, zeros.
 */
#include "tests/test.h"

#define WORDS (16 * PAGE / 4)

static volatile uint32_t data[WORDS] = {1, 2, 3, [5 * PAGE / 4] = 55, [9 * PAGE / 4] = 99,
                                        [WORDS - 1] = 77};

int main(void)
{
	char *from = (char *)(((uintptr_t)data + 2 * PAGE - 1) & ~(uintptr_t)(PAGE - 1));
	uint32_t skipped = (from - (char *)data) / 4;
	char *to = mmap(NULL, 32 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(to != MAP_FAILED, "room to move to");
	volatile uint32_t *moved = mremap(from, 12 * PAGE, 12 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	                                  to);
	CHECK(moved == (void *)to, "mremap moves a part of the data segment");
	CHECK(moved[5 * PAGE / 4 - skipped] == 55, "a word of the file, not %u",
	      moved[5 * PAGE / 4 - skipped]);
	CHECK(moved[9 * PAGE / 4 - skipped] == 99, "another, not %u",
	      moved[9 * PAGE / 4 - skipped]);
	moved[7 * PAGE / 4 - skipped] = 7;
	CHECK(moved[7 * PAGE / 4 - skipped] == 7 && moved[7 * PAGE / 4 - skipped + 1] == 0,
	      "it can be written");
	CHECK(data[0] == 1 && data[WORDS - 1] == 77, "what stayed is as it was");
	CHECK(death_of(read_byte, from).signal == SIGSEGV, "the old place is empty");
	say("12 pages of the data segment moved");
	return 0;
}
