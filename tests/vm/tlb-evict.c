/* SPDX-License-Identifier: MIT */
/*
 * A page that is taken away while its program uses it is missed at the very next access: 32 pages
 * are used all the time, in a guest whose policy (first in, first out) evicts them all the same.
 * If the processor went on using the old frame, counts would be lost.
 *
 * tlb: frame_unmap 1
 * guest: mem=8 swap=32 cmdline="vm.policy=fifo"
 */
#include "tests/test.h"

#define HOT 32
#define COLD PAGES(12 * MIB)

int main(void)
{
	volatile uint32_t *hot = (void *)memory_map(HOT * PAGE, PROT_READ | PROT_WRITE);
	char *cold = memory_map(COLD * PAGE, PROT_READ | PROT_WRITE);
	uint32_t steps = 0;

	for (uint32_t round = 0; round < 4; round++)
		for (uint32_t i = 0; i < COLD; i++) {
			volatile uint32_t *page = (void *)(cold + i * PAGE);

			CHECK(page[5] == (round ? i + round - 1 : 0), "cold page %u, round %u", i,
			      round);
			page[5] = i + round;
			for (uint32_t h = 0; h < HOT; h++) {
				CHECK(hot[h * 1024 + h] == steps, "hot page %u has %u, not %u", h,
				      steps,
				      hot[h * 1024 + h]);
				hot[h * 1024 + h] = steps + 1;
			}
			steps++;
		}
	say("%u steps, no count lost; %ld major faults", steps, faults_major());
	return 0;
}
