/* SPDX-License-Identifier: MIT */
/* A set of small numbers, one bit each, in memory the owner gives. Not locked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bitmap {
	uint32_t *words;
	uint32_t bits;  /* how many bits there are */
	uint32_t used;  /* how many are set */
};

#define BITMAP_NONE UINT32_MAX
#define BITMAP_BYTES(bits) (((bits) + 31) / 32 * 4)

/* `words` holds at least BITMAP_BYTES(bits) bytes; all bits start clear. */
void bitmap_init(struct bitmap *, uint32_t *words, uint32_t bits);
bool bitmap_test(const struct bitmap *, uint32_t bit);
void bitmap_set(struct bitmap *, uint32_t bit);
void bitmap_clear(struct bitmap *, uint32_t bit);
/* Sets and returns the first clear bit at or after `from`, wrapping round once;
 * BITMAP_NONE if all are set. Whole words are skipped at a time. */
uint32_t bitmap_take(struct bitmap *, uint32_t from);
/* The same among those that are clear in `barred` too, as many bits; NULL: none is set there. */
uint32_t bitmap_take_but(struct bitmap *, const uint32_t *barred, uint32_t from);
