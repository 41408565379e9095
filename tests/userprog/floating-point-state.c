/* SPDX-License-Identifier: MIT */
/*
 * Each process has the floating-point registers to itself, x87 and SSE alike, however often the
 * processor goes from one process to another.
 */
#include "tests/test.h"

#include <sched.h>

/* Nothing here calls a function that may use xmm5 itself. */
static void compute(uint32_t number)
{
	uint32_t in[4], out[4], old_word = 0, word = 0x037F | (number % 4) << 10; /* its rounding */
	double x = 0;

	__asm__ volatile("fldcw %0" : : "m"(word));
	for (uint32_t i = 0; i < 4; i++)
		in[i] = pattern(number, i);
	__asm__ volatile("movups %0, %%xmm5" : : "m"(in));
	__asm__ volatile("fld1; fldpi" : : : "st");
	for (uint32_t round = 0; round < 200; round++) {
		for (volatile uint32_t spin = 0; spin < 20000; spin++)
			;
		if (round % 8 == 0)
			sched_yield();
		__asm__ volatile("movups %%xmm5, %0" : "=m"(out));
		for (uint32_t i = 0; i < 4; i++)
			CHECK(in[i] == out[i], "process %u, round %u: xmm5", number, round);
		__asm__ volatile("fnstcw %0" : "=m"(old_word));
		CHECK((old_word & 0xFFFF) == word, "process %u: the rounding mode", number);
	}
	__asm__ volatile("fsubp; fstpl %0" : "=m"(x)); /* pi - 1 or 1 - pi, by the assembler */
	CHECK((x > 2.1415926 && x < 2.1415927) || (x < -2.1415926 && x > -2.1415927),
	      "st(0), st(1)");
	_exit(0);
}

int main(void)
{
	pid_t children[5];

	for (uint32_t i = 0; i < 5; i++) {
		children[i] = fork_checked();
		if (!children[i])
			compute(i);
	}
	for (uint32_t i = 0; i < 5; i++)
		wait_success(children[i]);
	say("5 processes computed side by side");
	return 0;
}
