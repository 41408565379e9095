/* SPDX-License-Identifier: MIT */
/* Spinlocks: one atomic word, and checks that turn a deadlock into a message. */
#include "kernel/sync/spinlock.h"

#include "kernel/cpu/cpu.h"
#include "kernel/panic.h"
#include "kernel/sync/lockorder.h"
#include "kernel/sync/locktimes.h"

void spinlock_init(struct spinlock *lock, const char *name)
{
	*lock = (struct spinlock)SPINLOCK_INIT(name);
}

static const char *name_of(const struct spinlock *lock)
{
	return lock->name ? lock->name : "unnamed";
}

void spin_lock_wait(struct spinlock *lock)
{
	if (spin_held(lock))
		panic("deadlock: spinlock '%s' is taken a second time by its holder",
		      name_of(lock));
	while (!spin_try(lock))
		__asm__ volatile("pause");
}

void spin_unlock_wrongly(const struct spinlock *lock)
{
	panic("spinlock '%s' is released by one who does not hold it", name_of(lock));
}

#if !LOCKS_INLINE

static inline void take(struct spinlock *lock, uintptr_t where)
{
	preempt_disable();
	if (!spin_held(lock))
		lock_order_spin_take(lock, where);
	spin_lock_wait(lock);
	lock_time_begin(lock, where);
}

void spin_lock(struct spinlock *lock)
{
	take(lock, (uintptr_t)__builtin_return_address(0));
}

static void release(struct spinlock *lock)
{
	if (!spin_held(lock))
		spin_unlock_wrongly(lock);
	lock_order_spin_release(lock);
	lock_time_end(lock);
	__atomic_store_n(&lock->owner, NULL, __ATOMIC_RELEASE);
}

void spin_unlock(struct spinlock *lock)
{
	release(lock);
	preempt_enable();
}

uint32_t spin_lock_irq(struct spinlock *lock)
{
	uint32_t flags = interrupts_off();
	take(lock, (uintptr_t)__builtin_return_address(0));
	return flags;
}

void spin_unlock_irq(struct spinlock *lock, uint32_t flags)
{
	release(lock);
	interrupts_restore(flags);
	preempt_enable();
}

#endif
