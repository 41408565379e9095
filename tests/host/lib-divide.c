/* SPDX-License-Identifier: MIT */
/* host-test: lib/divide.c */
/* host-cflags: -D__udivdi3=divide_64 -D__umoddi3=rest_64 -D__divdi3=divide_signed_64 */
/* Divisions of 64-bit numbers, beside those of the compiler's own library. */
#include "tests/host/tap.h"

#include <stdint.h>
#include <stdlib.h>

#define NUMBERS 2000000

uint64_t divide_64(uint64_t a, uint64_t b);
uint64_t rest_64(uint64_t a, uint64_t b);
int64_t divide_signed_64(int64_t a, int64_t b);

static bool right(uint64_t a, uint64_t b)
{
	int64_t x = (int64_t)a, y = (int64_t)b;
	bool overflows = x == INT64_MIN && y == -1;
	return divide_64(a, b) == a / b && rest_64(a, b) == a % b &&
	       (overflows || divide_signed_64(x, y) == x / y);
}

/* Of any length. */
static uint64_t number(void)
{
	uint64_t bits = 0;
	for (int i = 0; i < 5; i++)
		bits = bits << 15 ^ (uint64_t)rand();
	return bits >> rand() % 64;
}

static void check_edges(void)
{
	static const uint64_t edges[] = {
		1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001,
		0x1ffffffff, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffffe, UINT64_MAX,
	};
	const int count = sizeof edges / sizeof edges[0];
	bool good = right(0, 1);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
			good = good && right(edges[i], edges[j]);
	check_that(good, "numbers at the ends of words");
}

static void check_many(void)
{
	bool good = true;
	for (int i = 0; i < NUMBERS && good; i++) {
		uint64_t a = i % 7 ? number() : -number(), b = i % 5 ? number() : ~number();
		good = b == 0 || right(a, b);
	}
	check_that(good, "numbers of any length");
}

int main(void)
{
	check_edges();
	check_many();
	return tap_done();
}
