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
#include "kernel/sched/preempt.h"

struct spinlock {
	struct cpu *owner; /* atomic: the CPU that holds it; NULL: it is free */
	const char *name;
#ifdef PAGODA_DEBUG
	uint8_t order_class; /* lockorder.c's: the class of its name */
#endif
#ifdef PAGODA_LOCK_TIMES
	uintptr_t taken_at;  /* locktimes.c's: where, and when */
	uint64_t taken_when;
#endif
};

#define SPINLOCK_INIT(name_) {.name = (name_)}

void spinlock_init(struct spinlock *, const char *name);

/* Whether this CPU holds it: for ASSERT. */
static inline bool spin_held(const struct spinlock *lock)
{
	return lock->owner == this_cpu();
}

/* Takes it if it is free. */
static inline bool spin_try(struct spinlock *lock)
{
	struct cpu *nobody = NULL;
	return __atomic_compare_exchange_n(&lock->owner, &nobody, this_cpu(), false,
	                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Locks are taken so often that the few instructions stand where they are used. Debug builds
 * look at each one's order, `make lock-times` at its time, and the unit tests on the host have
 * no interrupts: functions. */
#if defined(PAGODA_DEBUG) || defined(PAGODA_LOCK_TIMES) || __STDC_HOSTED__
#define LOCKS_INLINE 0
#else
#define LOCKS_INLINE 1
#endif

/* The lock is not free: waits until it is; a panic if this CPU has it. */
void spin_lock_wait(struct spinlock *);
/* Who does not hold the lock releases it. */
_Noreturn void spin_unlock_wrongly(const struct spinlock *);

#if LOCKS_INLINE

static inline void spin_lock(struct spinlock *lock)
{
	preempt_disable();
	if (__builtin_expect(!spin_try(lock), false))
		spin_lock_wait(lock);
}

static inline void spin_release(struct spinlock *lock)
{
	if (__builtin_expect(!spin_held(lock), false))
		spin_unlock_wrongly(lock);
	__atomic_store_n(&lock->owner, NULL, __ATOMIC_RELEASE);
}

static inline void spin_unlock(struct spinlock *lock)
{
	spin_release(lock);
	preempt_enable();
}

static inline uint32_t spin_lock_irq(struct spinlock *lock)
{
	uint32_t flags = interrupts_off();
	spin_lock(lock);
	return flags;
}

static inline void spin_unlock_irq(struct spinlock *lock, uint32_t flags)
{
	spin_release(lock);
	interrupts_restore(flags);
	preempt_enable();
}

#else

void spin_lock(struct spinlock *);
void spin_unlock(struct spinlock *);
/* Returns the interrupt flag to hand to spin_unlock_irq. */
uint32_t spin_lock_irq(struct spinlock *);
void spin_unlock_irq(struct spinlock *, uint32_t flags);

#endif
