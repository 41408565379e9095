/* SPDX-License-Identifier: MIT */
/*
 * The stack grows by ordinary pushes: a recursion that needs 4 MiB runs to its end and finds all
 * its frames intact on the way back.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

static uint32_t descend(uint32_t depth)
{
	volatile uint32_t mine[256];
	uint32_t sum;

	for (uint32_t i = 0; i < 256; i++)
		mine[i] = pattern(depth, i);
	sum = depth ? descend(depth - 1) : 0;
	for (uint32_t i = 0; i < 256; i++)
		CHECK(mine[i] == pattern(depth, i), "the frame at depth %u is intact", depth);
	return sum + depth;
}

int main(void)
{
	const uint32_t depth = 4000;
	long before = faults_minor();
	uint32_t sum = descend(depth);

	CHECK(sum == depth * (depth + 1) / 2, "the sum is right");
	CHECK(faults_minor() - before >= 900, "about 1,000 pages of stack came by faults");
	say("%u nested calls, %ld faults", depth, faults_minor() - before);
	return 0;
}
