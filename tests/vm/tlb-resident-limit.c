/* SPDX-License-Identifier: MIT */
/*
 * A program at its resident limit gives up one page for another, and misses it at its very next
 * access: if the processor went on using the old frame, counts would be lost.
 *
 * pagoda-only: Linux does not enforce RLIMIT_RSS.
 * tlb: frame_unmap_from 1
 * guest: pagoda-only cmdline="vm.policy=fifo"
 */
#include "tests/test.h"

#define HOT 8u
#define COLD 300u

int main(void)
{
	struct rlimit limit = {100 * PAGE, 100 * PAGE};
	volatile uint32_t *hot = (void *)memory_map(HOT * PAGE, PROT_READ | PROT_WRITE);
	volatile uint32_t *cold = (void *)memory_map(COLD * PAGE, PROT_READ | PROT_WRITE);
	uint32_t steps = 0;

	CHECK(setrlimit(RLIMIT_RSS, &limit) == 0, "a limit of 100 pages");
	for (uint32_t round = 0; round < 4; round++)
		for (uint32_t i = 0; i < COLD; i++, steps++) {
			CHECK(cold[i * PAGE / 4] == round, "cold page %u, round %u", i, round);
			cold[i * PAGE / 4]++;
			for (uint32_t h = 0; h < HOT; h++) {
				CHECK(hot[h * PAGE / 4] == steps, "hot page %u has %u, not %u", h,
				      steps, hot[h * PAGE / 4]);
				hot[h * PAGE / 4]++;
			}
		}
	say("%u steps, no count lost", steps);
	return 0;
}
