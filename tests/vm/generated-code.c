/* SPDX-License-Identifier: MIT */
/*
 * A program may write code into memory and run it, as just-in-time compilers do: in memory that
 * is writable and executable, and in memory made executable afterwards, and rewritten.
 */
#include "tests/test.h"

/* mov $value, %eax; ret */
static void generate(unsigned char *to, uint32_t value)
{
	to[0] = 0xB8;
	memcpy(to + 1, &value, 4);
	to[5] = 0xC3;
}

int main(void)
{
	unsigned char *memory = (void *)memory_map(2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	uint32_t (*volatile run)(void) = (void *)(memory + PAGE - 3); /* across a page boundary */

	for (uint32_t round = 0; round < 20; round++) {
		generate(memory + PAGE - 3, round * 1000);
		CHECK(run() == round * 1000, "round %u returns its number", round);
		if (round < 10)
			continue;
		CHECK(mprotect(memory, 2 * PAGE, PROT_READ | PROT_EXEC) == 0, "no more writing");
		CHECK(run() == round * 1000, "round %u again", round);
		CHECK(mprotect(memory, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0,
		      "writing");
	}
	say("20 functions were written and called");
	return 0;
}
