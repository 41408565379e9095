/* SPDX-License-Identifier: MIT */
/* host-test: lib/bitmap.c lib/string.c */
/* host-cflags: -include tests/host/lib-names.h */
/* Bits set, cleared and taken, at the ends of words and of the bitmap. */
#include "lib/bitmap.h"
#include "tests/host/tap.h"

#include <stdlib.h>

#define BITS 77 /* two whole words and a part of a third */

static uint32_t words[BITMAP_BYTES(BITS) / 4];

static void check_single_bits(void)
{
	struct bitmap bitmap;
	bool good = true;

	words[0] = words[2] = UINT32_MAX;
	bitmap_init(&bitmap, words, BITS);
	CHECK(bitmap.used == 0 && words[0] == 0 && words[2] == 0);
	for (uint32_t bit = 0; bit < BITS; bit++) {
		good = good && !bitmap_test(&bitmap, bit);
		bitmap_set(&bitmap, bit);
		good = good && bitmap_test(&bitmap, bit) && bitmap.used == 1;
		bitmap_clear(&bitmap, bit);
		good = good && !bitmap_test(&bitmap, bit) && bitmap.used == 0;
	}
	check_that(good, "each bit is set and cleared alone");
	bitmap_set(&bitmap, 3);
	bitmap_set(&bitmap, 3);
	check_that(bitmap.used == 1, "setting twice counts once");
	bitmap_clear(&bitmap, 3);
	bitmap_clear(&bitmap, 3);
	check_that(bitmap.used == 0, "clearing twice counts once");
}

static void check_take(void)
{
	struct bitmap bitmap;
	bool in_order = true;

	bitmap_init(&bitmap, words, BITS);
	for (uint32_t i = 0; i < BITS; i++)
		in_order = in_order && bitmap_take(&bitmap, 70) == (70 + i) % BITS;
	check_that(in_order, "take goes upward from the hint and wraps round");
	CHECK(bitmap.used == BITS);
	check_that(bitmap_take(&bitmap, 0) == BITMAP_NONE, "a full bitmap gives none");
	check_that(words[2] >> (BITS - 64) == 0, "bits beyond the end are never taken");
	bitmap_clear(&bitmap, 40);
	check_that(bitmap_take(&bitmap, 41) == 40, "the bit just before the hint is found");
	bitmap_clear(&bitmap, 76);
	check_that(bitmap_take(&bitmap, BITS + 5) == 76, "a hint beyond the end means 0");
}

static void check_random(void)
{
	struct bitmap bitmap;
	bool model[BITS] = {false}, good = true;
	uint32_t used = 0;

	srand(2);
	bitmap_init(&bitmap, words, BITS);
	for (int step = 0; step < 100000 && good; step++) {
		uint32_t bit = (uint32_t)rand() % BITS, expected = BITMAP_NONE;

		if (rand() % 2) {
			used -= model[bit];
			model[bit] = false;
			bitmap_clear(&bitmap, bit);
		} else {
			for (uint32_t i = 0; i < BITS && expected == BITMAP_NONE; i++)
				if (!model[(bit + i) % BITS])
					expected = (bit + i) % BITS;
			good = bitmap_take(&bitmap, bit) == expected;
			if (expected != BITMAP_NONE) {
				model[expected] = true;
				used++;
			}
		}
		good = good && bitmap.used == used;
	}
	check_that(good, "100000 random steps agree with an array of bool");
}

static void check_barred(void)
{
	uint32_t barred[BITMAP_BYTES(BITS) / 4] = {~1u, UINT32_MAX, ~(1u << 12)};
	struct bitmap bitmap;

	bitmap_init(&bitmap, words, BITS);
	check_that(bitmap_take_but(&bitmap, barred, 1) == 76, "barred words are skipped");
	check_that(bitmap_take_but(&bitmap, barred, 1) == 0, "also round the end");
	check_that(bitmap_take_but(&bitmap, barred, 1) == BITMAP_NONE && bitmap.used == 2,
	           "the barred bits are not taken though they are clear");
	check_that(bitmap_take(&bitmap, 1) == 1, "without the bar they are");
}

int main(void)
{
	check_single_bits();
	check_take();
	check_random();
	check_barred();
	return tap_done();
}
