/* SPDX-License-Identifier: MIT */
/* Hardware interrupt lines: 0 to 15 of the 8259A, and one for the processor's own timer. PCI lines
 * are shared: each handler is asked in turn. */
#pragma once

#include "lib/types.h"

#define IRQ_PIC_LINES 16u
#define IRQ_LOCAL_TIMER 16u
#define IRQ_LINES 17u

void irq_init(void);
/* Adds a device's handler to the line and unmasks it. Handlers run with interrupts off and say
 * whether the interrupt was theirs. At most 4 a line; panics beyond (start-up only). */
void irq_register(unsigned line, const char *device, bool (*handler)(void *context),
                  void *context);
/* How many came on the line, and which devices are on it: the name of the i-th, or NULL. */
uint32_t irq_count(unsigned line);
const char *irq_device(unsigned line, unsigned i);
/* Noise that looked like interrupts. */
uint32_t irq_spurious(void);
/* Runs the line's handlers and acknowledges; called by the trap dispatch, interrupts off. */
void irq_dispatch(unsigned line);
