/* SPDX-License-Identifier: MIT */
/*
 * Sorting in place: quicksort, which reads memory in order from both ends and so is kind
 * to pages, with heapsort for a part on which it chooses badly again and again, so that
 * no input costs more than O(n log n) (Musser, 1997: introsort).
 */
#include <stdint.h>
#include <stdlib.h>

#define SMALL 12 /* so many elements are sorted by insertion */

struct sort {
	size_t size;
	int (*compare)(const void *, const void *);
};

static void swap(const struct sort *sort, char *a, char *b)
{
	size_t n = sort->size;

	if (((uintptr_t)a | (uintptr_t)b | n) % sizeof(long) == 0) {
		for (; n; n -= sizeof(long), a += sizeof(long), b += sizeof(long)) {
			long kept = *(long *)a;

			*(long *)a = *(long *)b;
			*(long *)b = kept;
		}
		return;
	}
	for (; n; n--, a++, b++) {
		char kept = *a;

		*a = *b;
		*b = kept;
	}
}

static void insertion_sort(const struct sort *sort, char *base, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (char *at = base + i * sort->size;
		     at > base && sort->compare(at - sort->size, at) > 0; at -= sort->size)
			swap(sort, at - sort->size, at);
}

/* Lets the element at `parent` sink below its larger children. */
static void heap_sink(const struct sort *sort, char *base, size_t parent, size_t count)
{
	for (size_t child; (child = parent * 2 + 1) < count; parent = child) {
		char *larger = base + child * sort->size;

		if (child + 1 < count && sort->compare(larger + sort->size, larger) > 0) {
			child++;
			larger += sort->size;
		}
		if (sort->compare(base + parent * sort->size, larger) >= 0)
			return;
		swap(sort, base + parent * sort->size, larger);
	}
}

static void heap_sort(const struct sort *sort, char *base, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		heap_sink(sort, base, i, count);
	for (size_t last = count; last-- > 1;) {
		swap(sort, base, base + last * sort->size);
		heap_sink(sort, base, 0, last);
	}
}

/* Brings the median of the first, middle and last element to the front. */
static void median_to_front(const struct sort *sort, char *first, char *last, size_t count)
{
	char *middle = first + count / 2 * sort->size;

	if (sort->compare(middle, last) > 0)
		swap(sort, middle, last);
	/* Now middle <= last; the median is first, or whichever of them is nearer. */
	if (sort->compare(first, middle) < 0)
		swap(sort, first, middle);
	else if (sort->compare(first, last) > 0)
		swap(sort, first, last);
}

/* Hoare's partition around the front element; returns where it comes to stand. Elements
 * equal to it stop both scans, so that many equal ones still divide evenly. */
static char *partition(const struct sort *sort, char *first, char *last)
{
	char *up = first, *down = last + sort->size;

	for (;;) {
		do
			up += sort->size;
		while (up < last && sort->compare(up, first) < 0);
		do
			down -= sort->size;
		while (sort->compare(down, first) > 0);
		if (up >= down)
			break;
		swap(sort, up, down);
	}
	swap(sort, first, down);
	return down;
}

/* Recurses into the smaller part and goes on with the larger, so the depth is at most
 * log2(count). `patience` is how many more partitions may be made before heapsort. */
static void quick_sort(const struct sort *sort, char *base, size_t count, int patience)
{
	while (count > SMALL) {
		char *last = base + (count - 1) * sort->size, *pivot;
		size_t below, above;

		if (patience-- == 0) {
			heap_sort(sort, base, count);
			return;
		}
		median_to_front(sort, base, last, count);
		pivot = partition(sort, base, last);
		below = (size_t)(pivot - base) / sort->size;
		above = count - below - 1;
		if (below < above) {
			quick_sort(sort, base, below, patience);
			base = pivot + sort->size;
			count = above;
		} else {
			quick_sort(sort, pivot + sort->size, above, patience);
			count = below;
		}
	}
	insertion_sort(sort, base, count);
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	struct sort sort = {size, compare};

	if (count > 1 && size)
		quick_sort(&sort, base, count, 2 * (32 - __builtin_clz((unsigned)count)));
}

void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *))
{
	const char *low = base;

	while (count) {
		const char *middle = low + count / 2 * size;
		int order = compare(key, middle);

		if (order == 0)
			return (void *)middle;
		if (order > 0) {
			low = middle + size;
			count -= count / 2 + 1;
		} else {
			count /= 2;
		}
	}
	return NULL;
}
