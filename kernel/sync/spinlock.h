/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks: for a few instructions, never across a sleep. Holding one forbids
 * preemption on this CPU. Data that interrupt handlers touch needs the _irq forms
 * everywhere, which also hold off interrupts. Debug builds check the order in which locks
 * are taken, by their names: lockorder.h.
 */
#pragma once

#include "lib/types.h"
#include "kernel/cpu/cpu.h"

struct spinlock {
	volatile uint32_t held;
	struct cpu *owner; /* for assertions: which CPU holds it */
	const char *name;
#ifdef PAGODA_DEBUG
	uint8_t order_class; /* lockorder.c's: the class of its name */
#endif
};

#define SPINLOCK_INIT(name_) {.name = (name_)}

void spinlock_init(struct spinlock *, const char *name);
void spin_lock(struct spinlock *);
void spin_unlock(struct spinlock *);
/* Returns the interrupt flag to hand to spin_unlock_irq. */
uint32_t spin_lock_irq(struct spinlock *);
void spin_unlock_irq(struct spinlock *, uint32_t flags);
/* Whether this CPU holds it: for ASSERT. */
static inline bool spin_held(const struct spinlock *lock)
{
	return lock->held && lock->owner == this_cpu();
}
