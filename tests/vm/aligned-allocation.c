/* SPDX-License-Identifier: MIT */
/*
 * posix_memalign gives memory at multiples of any power of two, apart from each other, which can
 * be freed like any.
 */
#include "tests/test.h"

int main(void)
{
	static char *blocks[4][16];
	uint32_t n = 0;

	for (size_t alignment = 16; alignment <= 65536; alignment *= 2)
		for (uint32_t round = 0; round < 4; round++) {
			void *block = NULL;

			CHECK(posix_memalign(&block, alignment, alignment + 100) == 0, "%zu",
			      alignment);
			CHECK((uintptr_t)block % alignment == 0, "%p is a multiple of %zu", block,
			      alignment);
			memset(block, n + round * 16, alignment + 100);
			blocks[round][n] = block;
			n += round == 3;
		}
	for (uint32_t round = 0; round < 4; round++)
		for (uint32_t i = 0; i < n; i++) {
			CHECK(all_bytes_are(blocks[round][i], (16u << i) + 100, i + round * 16),
			      "block %u of alignment %u is intact", round, 16u << i);
			free(blocks[round][i]);
		}
	void *block = NULL;
	CHECK(posix_memalign(&block, 24, 100) == EINVAL, "24 is no power of two");
	CHECK(posix_memalign(&block, PAGE, PAGE) == 0, "a page");
	CHECK(mprotect(block, PAGE, PROT_READ) == 0, "which can be protected");
	CHECK_DIES(write_byte, block, SIGSEGV, SEGV_ACCERR, block);
	say("alignments from 16 to 65536");
	return 0;
}
