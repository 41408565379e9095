/* SPDX-License-Identifier: MIT */
/*
 * The time page: what a program needs to tell the time by itself, as the clock does (clock.c). The
 * kernel writes it, and every program can read it, by the code in userprog/vdso.
 *
 * It is read without a lock: who finds `sequence` 0, or changed since before it read the rest, read
 * while the kernel wrote, or what is not to be read, and asks by the call.
 */
#pragma once

#include "lib/types.h"

#define CLOCK_SCALE_SHIFT 24

struct time_page {
	uint32_t sequence;        /* another one after each change; 0: the kernel alone knows */
	uint64_t tsc_start;       /* of the time-stamp counter, when the machine started; */
	uint32_t ns_per_tsc;      /* << CLOCK_SCALE_SHIFT */
	uint64_t offset[2];       /* ns that the clock is ahead, by number: CLOCK_REALTIME; and
	                             CLOCK_MONOTONIC, which is not: 0 since the start */
};

/* Nanoseconds since the start, of what the counter shows. */
static inline uint64_t time_of_tsc(const struct time_page *page, uint64_t tsc)
{
	uint64_t ticks = tsc - page->tsc_start;
	uint32_t low = (uint32_t)ticks, high = (uint32_t)(ticks >> 32);
	uint64_t ns = (uint64_t)low * page->ns_per_tsc >> CLOCK_SCALE_SHIFT;
	return ns + ((uint64_t)high * page->ns_per_tsc << (32 - CLOCK_SCALE_SHIFT));
}
