/* SPDX-License-Identifier: MIT */
/*
 * Division of 64-bit numbers: what the compiler makes of / and % calls these. It has them in a
 * library of its own, but there arguments are on the stack, and the kernel passes them in
 * registers.
 */
#include "lib/types.h"

uint64_t __udivmoddi4(uint64_t a, uint64_t b, uint64_t *rest);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int64_t __divdi3(int64_t a, int64_t b);

/* The quotient fits in 32 bits. */
static inline uint32_t divide(uint64_t a, uint32_t b)
{
	uint32_t quotient, high = (uint32_t)(a >> 32);
	__asm__("divl %3" : "=a"(quotient), "+d"(high) : "0"((uint32_t)a), "rm"(b) : "cc");
	return quotient;
}

static inline uint64_t divide_by_word(uint64_t a, uint32_t b)
{
	uint32_t high = (uint32_t)(a >> 32), low = divide((uint64_t)(high % b) << 32 | (uint32_t)a, b);
	return (uint64_t)(high / b) << 32 | low;
}

/* By the first 32 bits of b alone the quotient comes out right or one too large. */
static inline uint64_t divide_by_more(uint64_t a, uint64_t b)
{
	uint32_t shift = (uint32_t)__builtin_clz((uint32_t)(b >> 32));
	uint32_t quotient = divide(a >> 1, (uint32_t)(b << shift >> 32)) >> (31 - shift);
	if (quotient)
		quotient--;
	return a - quotient * b >= b ? quotient + 1 : quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b)
{
	return b >> 32 ? divide_by_more(a, b) : divide_by_word(a, (uint32_t)b);
}

uint64_t __udivmoddi4(uint64_t a, uint64_t b, uint64_t *rest)
{
	uint64_t quotient = __udivdi3(a, b);
	*rest = a - quotient * b;
	return quotient;
}

uint64_t __umoddi3(uint64_t a, uint64_t b)
{
	return a - __udivdi3(a, b) * b;
}

int64_t __divdi3(int64_t a, int64_t b)
{
	uint64_t quotient = __udivdi3(a < 0 ? -(uint64_t)a : (uint64_t)a,
	                              b < 0 ? -(uint64_t)b : (uint64_t)b);
	return (int64_t)((a < 0) != (b < 0) ? -quotient : quotient);
}
