/* SPDX-License-Identifier: MIT */
/*
 * An array of 4 million numbers (16 MiB) is sorted in place in a guest with 8 MiB, by quicksort,
 * which works on ever smaller neighbourhoods.
 *
 * guest: mem=8 swap=64 timeout=120
 */
#include "tests/test.h"

#define COUNT (4 * MIB)

/* Hoare's partition: returns an n such that no number before it is greater than one after. */
static uint32_t split(uint32_t *from, uint32_t n)
{
	uint32_t middle = from[(n - 1) / 2], low = 0, high = n - 1;

	for (;; low++, high--) {
		uint32_t other;

		while (from[low] < middle)
			low++;
		while (from[high] > middle)
			high--;
		if (low >= high)
			return high + 1;
		other = from[low];
		from[low] = from[high];
		from[high] = other;
	}
}

static void sort(uint32_t *from, uint32_t n)
{
	while (n > 1) {
		uint32_t left = split(from, n);

		sort(from, left);
		from += left;
		n -= left;
	}
}

int main(void)
{
	uint32_t *numbers = (void *)memory_map(COUNT * 4, PROT_READ | PROT_WRITE);
	uint32_t random = 1, sum = 0, xor = 0;

	for (uint32_t i = 0; i < COUNT; i++) {
		numbers[i] = next_random(&random);
		sum += numbers[i];
		xor ^= numbers[i];
	}
	sort(numbers, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		CHECK(i == 0 || numbers[i - 1] <= numbers[i], "number %u is in order", i);
		sum -= numbers[i];
		xor ^= numbers[i];
	}
	CHECK(sum == 0 && xor == 0, "they are the numbers that were put in");
	say("4,194,304 numbers sorted");
	return 0;
}
