/* SPDX-License-Identifier: MIT */
/* Reading an integer from text, as ISO C's strtol family does (7.22.1.4). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct number {
	uint64_t magnitude; /* UINT64_MAX if it was too large */
	bool negative;      /* a minus sign stood before it */
	bool too_large;
};

/* Skips white space, a sign, and for base 16 (or 0, which detects it) a 0x. *end, if
 * end is not NULL, becomes the first character not read, or `text` if there was no
 * number; the number is then 0. Base is 0 or 2 to 36. */
struct number number_parse(const char *text, char **end, int base);

/* Called by strtol and strtoul when they saturate. Programs set errno here; the kernel
 * leaves it NULL. */
extern void (*number_saturated)(void);
