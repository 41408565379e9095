/* SPDX-License-Identifier: MIT */
/*
 * Chaos mode, vm.chaos=SEED on the command line: entries are dropped and frames evicted all
 * the time, at random places; allocations take their slow way; the processor changes hands
 * at odd moments, and in any order. Programs must not notice. Off, it costs the test of one flag.
 */
#pragma once

#include "lib/types.h"

extern bool chaos_on;

void chaos_start(void); /* reads the seed; says it */

/* True once in `one_in` times on average, in chaos mode. */
bool chaos_chance(uint32_t one_in); /* for these two alone */
void chaos_do_shake(void);

static inline bool chaos_strikes(uint32_t one_in)
{
	return chaos_on && chaos_chance(one_in);
}

/* Drops some random entries, evicts some random frames, perhaps gives up the processor.
 * Called where a fault begins and ends. No locks held; may sleep. */
static inline void chaos_shake(void)
{
	if (chaos_on)
		chaos_do_shake();
}
