/* SPDX-License-Identifier: MIT */
/*
 * A function with a local array of 3 MiB touches its far end first, megabytes below everything
 * touched before; the stack grows there, and what lies between stays untouched.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

static __attribute__((noinline)) void use_large_frame(uint32_t seed)
{
	volatile unsigned char array[3 * MIB];

	array[0] = seed;
	array[sizeof(array) / 2] = seed + 1;
	array[sizeof(array) - 1] = seed + 2;
	CHECK(array[0] == seed && array[sizeof(array) / 2] == seed + 1 &&
	      array[sizeof(array) - 1] == seed + 2, "the array has what was written");
	CHECK(smaps_sum((void *)array, sizeof(array), "Rss") < 1024,
	      "only the touched pages are there");
}

int main(void)
{
	use_large_frame(40);
	use_large_frame(50);
	say("3 MiB of stack at once, from the far end");
	return 0;
}
