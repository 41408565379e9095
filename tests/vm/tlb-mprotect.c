/* SPDX-License-Identifier: MIT */
/*
 * The right to write one page is taken away, just after it was written: the next store faults.
 *
 * tlb: protect_in_table 1
 */
#include "tests/test.h"

static char *memory;
static volatile uint32_t faults;

static void allow(int number)
{
	(void)number;
	faults++;
	mprotect(memory, PAGE, PROT_READ | PROT_WRITE);
}

int main(void)
{
	CHECK(signal(SIGSEGV, allow) != SIG_ERR, "signal");
	memory = memory_map(PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t round = 0; round < 100; round++) {
		volatile uint32_t *word = (void *)memory;

		*word = round;
		CHECK(mprotect(memory, PAGE, PROT_READ) == 0, "take the right away");
		CHECK(*word == round, "reading is allowed, and shows what was written");
		*word = round + 1;
		CHECK(faults == round + 1, "the store faults, in round %u", round);
	}
	say("100 stores, and every one was caught");
	return 0;
}
