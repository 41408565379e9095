/* SPDX-License-Identifier: MIT */
/*
 * The time page: what a program needs to tell the time by itself, as the clock does (clock.c). The
 * kernel writes it, and every program can read it, by the code in userprog/vdso.
 *
 * It is read without a lock: who finds `sequence` odd, or changed since before it read the rest,
 * read while the kernel wrote, and reads again.
 */
#pragma once

#include "lib/types.h"

#define CLOCK_SCALE_SHIFT 24

struct time_page {
	uint32_t sequence;        /* odd during a change, and another one after it */
	uint32_t answers;         /* 0: only the kernel knows the time */
	uint64_t tsc_start;       /* of the time-stamp counter, when the machine started; */
	uint32_t ns_per_tsc;      /* << CLOCK_SCALE_SHIFT */
	uint64_t realtime_offset; /* ns from the start's monotonic to the wall's clock */
};

/* Nanoseconds since the start, of what the counter shows. */
static inline uint64_t time_of_tsc(const struct time_page *page, uint64_t tsc)
{
	uint64_t ticks = tsc - page->tsc_start;
	uint64_t low = (ticks & UINT32_MAX) * page->ns_per_tsc >> CLOCK_SCALE_SHIFT;
	uint64_t high = (ticks >> 32) * page->ns_per_tsc << (32 - CLOCK_SCALE_SHIFT);
	return high + low;
}
