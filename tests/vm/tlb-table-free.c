/* SPDX-License-Identifier: MIT */
/*
 * A page table whose last entry goes is given back, and its frame soon holds something else. The
 * processor must not walk through it any more, though it may have cached the directory's entry.
 *
 * Real processors cache it (SDM vol. 3A, 4.10.4); QEMU's emulation does not, so there the test
 * passes even without the invalidation (table_remove).
 */
#include "tests/test.h"

#define TABLE (4 * MIB)

int main(void)
{
	char *space = mmap(NULL, 3 * TABLE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *page = (char *)(((uintptr_t)space + TABLE) & ~(uintptr_t)(TABLE - 1));
	char *other = memory_map(64 * PAGE, PROT_READ | PROT_WRITE);

	CHECK(space != MAP_FAILED, "mmap");
	for (uint32_t round = 0; round < 100; round++) {
		CHECK(mmap(page, TABLE, PROT_READ | PROT_WRITE,
		           MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == page, "mmap");
		page_fill(page, round);
		page_fill(page + TABLE - PAGE, round + 1);
		CHECK(munmap(page, TABLE) == 0, "munmap: the table is given back");
		/* New frames, one of which was the table: entries of a kind, all bits set. */
		CHECK(madvise(other, 64 * PAGE, MADV_DONTNEED) == 0, "madvise");
		memset(other, 0xff, 64 * PAGE);
		CHECK(death_of(read_byte, page).signal == SIGSEGV, "nothing is there");
		CHECK(mmap(page, TABLE, PROT_READ | PROT_WRITE,
		           MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == page, "mmap");
		CHECK(all_bytes_are(page, PAGE, 0), "a new page");
		CHECK(all_bytes_are(page + TABLE - PAGE, PAGE, 0), "a new page");
	}
	say("100 page tables came and went");
	return 0;
}
