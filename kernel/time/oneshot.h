/* SPDX-License-Identifier: MIT */
/*
 * The machine's timer: it interrupts once, some time after it was told to. The local APIC's, where
 * there is one (boot with timer=pit to do without); else channel 0 of the 8254, which cannot count
 * further than 54 ms. Both may ring early, never so that nobody could tell: who is rung looks at
 * the clock, and starts it again.
 */
#pragma once

#include "lib/types.h"

/* It learns how fast it counts: time passes between these two, and the clock goes right when the
 * second is called. Start-up only; the timer does not run. */
void oneshot_calibrate(void);
void oneshot_calibrated(void);
/* Who is rung, in the interrupt. Interrupts off. */
void oneshot_init(void (*ring)(void));
/* Rings in `ns`, or earlier if it cannot count so far; what it was told before is forgotten.
 * Interrupts off. */
void oneshot_start(uint64_t ns);
