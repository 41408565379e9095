/* SPDX-License-Identifier: MIT */
/*
 * The processor's own interrupt controller, as far as it is needed: its timer, which counts down
 * once and interrupts (SDM vol. 3A, chapter 11). The 8259A's interrupts pass through it. Its
 * registers are seen at their physical address.
 */
#pragma once

#include "lib/types.h"

/* Finds it and lets it work. False: there is none, or not where it can be seen; nothing else here
 * may be called then. Start-up only, after the kernel's map is made. */
bool apic_init(void);
/* Counts down from `count` and raises IRQ_LOCAL_TIMER at 0; a new start replaces the old. */
void apic_timer_start(uint32_t count);
/* What is left of the count. */
uint32_t apic_timer_left(void);
/* Its interrupt has been handled. */
void apic_acknowledge(void);
