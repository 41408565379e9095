/* SPDX-License-Identifier: MIT */
/*
 * How long spinlocks are held: `make lock-times` builds a kernel of its own (PAGODA_LOCK_TIMES)
 * in which each taking and release looks at the time-stamp counter, and the longest time after
 * each taking is told on the console at the end. In other kernels every call below is empty.
 *
 * Under QEMU's -icount the counter counts instructions. Interrupts that come in between are none
 * of the holder's doing: they have a line of their own, the longest of them.
 */
#pragma once

#include "lib/types.h"

struct spinlock;

#ifdef PAGODA_LOCK_TIMES

/* The lock was taken, at that place; it is about to be released. */
void lock_time_begin(struct spinlock *, uintptr_t where);
void lock_time_end(const struct spinlock *);
/* This time the lock, which is held, does not count: the audit stops the whole machine. */
void lock_time_ignore(struct spinlock *);
/* An interrupt handler begins / is over, not within another. */
void lock_time_interrupt(bool begins);
/* Prints a line for each place: `lock: TICKS FUNCTION NAME`. */
void lock_times_tell(void);

#else

static inline void lock_time_begin(struct spinlock *lock, uintptr_t where)
{
	(void)lock;
	(void)where;
}

static inline void lock_time_end(const struct spinlock *lock)
{
	(void)lock;
}

static inline void lock_time_ignore(struct spinlock *lock)
{
	(void)lock;
}

static inline void lock_time_interrupt(bool begins)
{
	(void)begins;
}

static inline void lock_times_tell(void)
{
}

#endif
