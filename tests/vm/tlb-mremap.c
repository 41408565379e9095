/* SPDX-License-Identifier: MIT */
/*
 * Pages move to another address and take their content along; at the old address there is nothing,
 * and then something new.
 *
 * tlb: clear_in_table 1
 */
#include <setjmp.h>

#include "tests/test.h"

static sigjmp_buf missed;

static void fault(int number)
{
	(void)number;
	siglongjmp(missed, 1);
}

int main(void)
{
	volatile char *from = memory_map(4 * PAGE, PROT_READ | PROT_WRITE);
	volatile char *to = memory_map(4 * PAGE, PROT_NONE);

	CHECK(signal(SIGSEGV, fault) != SIG_ERR, "signal");
	for (volatile uint32_t round = 0; round < 50; round++) {
		from[PAGE] = 'a' + round % 20;
		CHECK(mremap((void *)from, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		             (void *)to) == (void *)to, "mremap");
		if (!sigsetjmp(missed, 1)) {
			char seen = from[PAGE];
			CHECK(false, "SIGSEGV, not %d, in round %u", seen, round);
		}
		CHECK(to[PAGE] == (char)('a' + round % 20), "the content has moved");
		CHECK(mmap((void *)from, 4 * PAGE, PROT_READ | PROT_WRITE,
		           MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == (void *)from,
		      "something new in the old place");
		CHECK(from[PAGE] == 0, "it is new");
	}
	say("four pages moved 50 times");
	return 0;
}
