/* SPDX-License-Identifier: MIT */
/*
 * Debug registers (SDM vol. 3B, 17.2): addresses at which the processor raises vector 1. They
 * belong to programs that a debugger watches; a thread that has none of them is switched to with
 * all of them off.
 */
#pragma once

#include "lib/types.h"

struct thread;
struct trap_frame;

#define DEBUG_ADDRESSES 4u
#define DEBUG_STATUS_HITS 0xfu      /* DR6: which of the addresses */
#define DEBUG_STATUS_STEP 0x4000u   /* DR6: TF was set */
#define DEBUG_CONTROL_FIXED 0x400u  /* DR7: a bit that is always set */

struct debug_registers {
	uint32_t addresses[DEBUG_ADDRESSES], control;
};

/* How many threads have some. */
extern uint32_t debug_registers_used;

void debug_registers_init(void);
/* The thread that runs from now on has these; NULL: none. Interrupts off, or preemption. */
void debug_registers_load(const struct debug_registers *);
/* The thread's own, made at first use; NULL: no memory. It does not run. */
struct debug_registers *debug_registers_of(struct thread *);
/* The current thread has none any more: before it ends, too. */
void debug_registers_drop(void);
