/* SPDX-License-Identifier: MIT */
/*
 * Chaos mode, vm.chaos=SEED on the command line: allocations take their slow way, entries are
 * dropped and frames evicted all the time (shake.h), and the processor changes hands at odd
 * moments, in any order. Programs must not notice. Off, it costs the test of one flag.
 */
#pragma once

#include "lib/types.h"

extern bool chaos_on;

/* Reads the seed; says it. Whether there is one. */
bool chaos_begin(void);
/* In chaos mode: the next random number; true once in `one_in` times on average. */
uint32_t chaos_random(void);
bool chaos_chance(uint32_t one_in); /* for this one alone */

static inline bool chaos_strikes(uint32_t one_in)
{
	return chaos_on && chaos_chance(one_in);
}
