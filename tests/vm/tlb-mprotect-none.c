/* SPDX-License-Identifier: MIT */
/*
 * All rights to a page are taken away, just after it was read: the next load faults.
 *
 * tlb: clear_in_table 1
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
	memory = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);
	page_fill(memory + PAGE, 1); /* a neighbour, so that the page table stays */
	for (uint32_t round = 0; round < 100; round++) {
		volatile uint32_t *word = (void *)memory;

		*word = round;
		CHECK(mprotect(memory, PAGE, PROT_NONE) == 0, "take the rights away");
		CHECK(*word == round, "the page is as it was when the rights are back");
		CHECK(faults == round + 1, "the load faults, in round %u", round);
	}
	say("100 loads, and every one was caught");
	return 0;
}
