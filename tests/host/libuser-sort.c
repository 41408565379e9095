/* SPDX-License-Identifier: MIT */
/* host-test: lib/user/sort.c */
/* host-cflags: -include tests/host/libuser-names.h */
/*
 * qsort sorts every shape of input, with elements of any size, and never needs more than
 * O(n log n) comparisons: not even against the adversary of McIlroy (1999), who decides
 * the values while they are being compared.
 */
#include "tests/host/tap.h"

#define MOST 5000

static unsigned long comparisons;

static int number_compare(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;

	comparisons++;
	return (left > right) - (left < right);
}

/* The shapes that quicksorts have stumbled on. */
static int shape_value(int shape, int i, int count)
{
	switch (shape) {
	case 0:
		return rand();
	case 1:
		return i;
	case 2:
		return count - i;
	case 3:
		return 7;
	case 4:
		return rand() % 3;
	case 5:
		return i % 50;
	case 6:
		return i < count / 2 ? i : count - i;
	default:
		return i == count - 1 ? -1 : i;
	}
}

static unsigned long logarithm(unsigned long n)
{
	unsigned long result = 1;

	while (n >>= 1)
		result++;
	return result;
}

static bool shape_sorts(int shape, int count)
{
	static int numbers[MOST], expected[MOST];
	long sum_before = 0, sum_after = 0;
	bool good = true;

	for (int i = 0; i < count; i++) {
		numbers[i] = expected[i] = shape_value(shape, i, count);
		sum_before += (long)numbers[i] * numbers[i] % 10007;
	}
	comparisons = 0;
	qsort(numbers, (size_t)count, sizeof(numbers[0]), number_compare);
	good = comparisons <= 20 + 3 * (unsigned long)count * logarithm((unsigned long)count);
	for (int i = 0; i < count; i++) {
		sum_after += (long)numbers[i] * numbers[i] % 10007;
		good = good && (i == 0 || numbers[i - 1] <= numbers[i]);
	}
	return good && sum_before == sum_after;
}

static void check_shapes(void)
{
	static const int counts[] = {0, 1, 2, 3, 11, 12, 13, 14, 100, 1000, MOST};
	bool good = true;

	for (int shape = 0; shape < 8; shape++)
		for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
			if (!shape_sorts(shape, counts[i])) {
				printf("# shape %d of %d elements\n", shape, counts[i]);
				good = false;
			}
	check_that(good, "eight shapes of input");
}

static size_t odd_size;

static int odd_compare(const void *a, const void *b)
{
	return __builtin_memcmp(a, b, odd_size);
}

static void check_element_sizes(void)
{
	static unsigned char bytes[300 * 40 + 1];
	bool good = true;

	for (odd_size = 1; odd_size <= 40; odd_size++) {
		unsigned char *base = bytes + odd_size % 2; /* also when it is not aligned */

		for (size_t i = 0; i < 300 * odd_size; i++)
			base[i] = (unsigned char)rand();
		qsort(base, 300, odd_size, odd_compare);
		for (size_t i = 1; i < 300; i++)
			good = good &&
			       odd_compare(base + (i - 1) * odd_size, base + i * odd_size) <= 0;
	}
	check_that(good, "elements of 1 to 40 bytes, aligned and not");
}

/* The adversary: an element has no value ("gas") until it must lose a comparison. */
static int values[MOST], solid, candidate;
#define GAS MOST

static int adversary_compare(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;

	comparisons++;
	if (values[left] == GAS && values[right] == GAS)
		values[left == candidate ? left : right] = solid++;
	if (values[left] == GAS)
		candidate = left;
	else if (values[right] == GAS)
		candidate = right;
	return values[left] - values[right];
}

static void check_adversary(void)
{
	static int order[MOST];

	for (int i = 0; i < MOST; i++) {
		order[i] = i;
		values[i] = GAS;
	}
	comparisons = 0;
	qsort(order, MOST, sizeof(order[0]), adversary_compare);
	printf("# %lu comparisons for %d elements against the adversary\n", comparisons, MOST);
	check_that(comparisons < 10UL * MOST * logarithm(MOST), "the adversary is beaten");
}

static void check_search(void)
{
	int numbers[100];
	bool good = true;

	for (int count = 0; count <= 100; count++) {
		for (int i = 0; i < count; i++)
			numbers[i] = i * 2;
		for (int key = -1; key <= count * 2; key++) {
			bool there = key >= 0 && key % 2 == 0 && key / 2 < count;
			int *found = bsearch(&key, numbers, (size_t)count, sizeof(int),
			                     number_compare);

			good = good && found == (there ? &numbers[key / 2] : NULL);
		}
	}
	check_that(good, "bsearch finds what is there, and nothing else");
}

int main(void)
{
	srand(4);
	check_shapes();
	check_element_sizes();
	check_adversary();
	check_search();
	return tap_done();
}
