/* SPDX-License-Identifier: MIT */
/* Hardware interrupt lines (8259A PIC, lines 0 to 15). PCI lines are shared: each
 * handler is asked in turn. */
#pragma once

#include "lib/types.h"

#define IRQ_LINES 16u

void irq_init(void);
/* Adds a handler to the line and unmasks it. Handlers run with interrupts off and say
 * whether the interrupt was theirs. At most 4 a line; panics beyond (start-up only). */
void irq_register(unsigned line, bool (*handler)(void *context), void *context);
/* Runs the line's handlers and acknowledges; called by the trap dispatch, interrupts off. */
void irq_dispatch(unsigned line);
