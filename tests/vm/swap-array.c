/* SPDX-License-Identifier: MIT */
/*
 * A computation over an array four times the RAM gives the right answer: a sieve of Eratosthenes
 * over 32 million numbers, one byte for each, in a guest with 8 MiB.
 *
 * guest: mem=8 swap=64 timeout=120
 */
#include "tests/test.h"

#define NUMBERS (32 * MIB)
#define STRIP (MIB / 2)

/* Crosses out by strips, so that each strip is brought in once for all primes. */
int main(void)
{
	static uint32_t primes[1000], next[1000];
	char *composite = memory_map(NUMBERS, PROT_READ | PROT_WRITE);
	uint32_t count = 0, found = 0;

	for (uint32_t n = 2; n * n < NUMBERS; n++) {
		bool prime = true;

		for (uint32_t i = 0; i < count && prime && primes[i] * primes[i] <= n; i++)
			prime = n % primes[i] != 0;
		if (prime) {
			primes[count] = n;
			next[count++] = n * n;
		}
	}
	for (uint32_t strip = 0; strip < NUMBERS; strip += STRIP)
		for (uint32_t i = 0; i < count; i++)
			for (; next[i] < strip + STRIP; next[i] += primes[i])
				composite[next[i]] = 1;
	for (uint32_t n = 2; n < NUMBERS; n++)
		found += !composite[n];
	CHECK(found == 2063689, "there are 2,063,689 primes below 2^25, not %u", found);
	say("%u primes below 2^25, counted in 32 MiB", found);
	return 0;
}
