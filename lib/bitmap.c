/* SPDX-License-Identifier: MIT */
/*
 * Bit n is bit n % 32 of word n / 32. `used` follows every change, so that a full
 * bitmap is refused without a search.
 */
#include "lib/bitmap.h"
#include "lib/string.h"

static uint32_t mask(uint32_t bit)
{
	return UINT32_C(1) << bit % 32;
}

void bitmap_init(struct bitmap *bitmap, uint32_t *words, uint32_t bits)
{
	bitmap->words = words;
	bitmap->bits = bits;
	bitmap->used = 0;
	memset(words, 0, BITMAP_BYTES(bits));
}

bool bitmap_test(const struct bitmap *bitmap, uint32_t bit)
{
	return bitmap->words[bit / 32] & mask(bit);
}

void bitmap_set(struct bitmap *bitmap, uint32_t bit)
{
	if (bitmap_test(bitmap, bit))
		return;
	bitmap->words[bit / 32] |= mask(bit);
	bitmap->used++;
}

void bitmap_clear(struct bitmap *bitmap, uint32_t bit)
{
	if (!bitmap_test(bitmap, bit))
		return;
	bitmap->words[bit / 32] &= ~mask(bit);
	bitmap->used--;
}

/* The first bit in [from, to) that is clear, also in `barred`, or BITMAP_NONE. */
static uint32_t first_clear(const struct bitmap *bitmap, const uint32_t *barred, uint32_t from,
                            uint32_t to)
{
	while (from < to) {
		uint32_t set = bitmap->words[from / 32] | (barred ? barred[from / 32] : 0);
		uint32_t clear = ~set >> from % 32;

		if (clear) {
			from += (uint32_t)__builtin_ctz(clear);
			return from < to ? from : BITMAP_NONE;
		}
		from = from / 32 * 32 + 32;
	}
	return BITMAP_NONE;
}

uint32_t bitmap_take_but(struct bitmap *bitmap, const uint32_t *barred, uint32_t from)
{
	uint32_t bit;

	if (bitmap->used == bitmap->bits)
		return BITMAP_NONE;
	if (from >= bitmap->bits)
		from = 0;
	bit = first_clear(bitmap, barred, from, bitmap->bits);
	if (bit == BITMAP_NONE)
		bit = first_clear(bitmap, barred, 0, from);
	if (bit != BITMAP_NONE)
		bitmap_set(bitmap, bit);
	return bit;
}

uint32_t bitmap_take(struct bitmap *bitmap, uint32_t from)
{
	return bitmap_take_but(bitmap, NULL, from);
}
