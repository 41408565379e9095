/* SPDX-License-Identifier: MIT */
/* The longest time that a spinlock was held by each place that takes it: see locktimes.h. */
#ifdef PAGODA_LOCK_TIMES

#include "kernel/sync/locktimes.h"

#include "kernel/cpu/cpu.h"
#include "kernel/log.h"
#include "kernel/sync/spinlock.h"
#include "kernel/symbols.h"
#include "kernel/time/clock.h"

#define PLACES_MAX 256
#define NOT_WORTH_NOTING 500 /* ticks: saves looking for the place each time */

/* Written with interrupts off. */
static struct longest {
	const char *name;
	uintptr_t where;
	uint64_t ticks;
} longest[PLACES_MAX];

/* One processor's: ticks spent in interrupt handlers, and since when the present one runs. */
static uint64_t interrupted, interrupt_since;

/* Ticks in which no interrupt was handled. */
static uint64_t undisturbed_ticks(void)
{
	uint32_t flags = interrupts_off();
	uint64_t ticks = clock_tsc() - interrupted;
	interrupts_restore(flags);
	return ticks;
}

void lock_time_begin(struct spinlock *lock, uintptr_t where)
{
	lock->taken_at = where;
	lock->taken_when = undisturbed_ticks();
}

void lock_time_ignore(struct spinlock *lock)
{
	lock->taken_at = 0;
}

static struct longest *entry_of(uintptr_t where)
{
	for (uint32_t i = 0; i < PLACES_MAX; i++)
		if (!longest[i].where || longest[i].where == where)
			return &longest[i];
	return NULL;
}

static void note(const char *name, uintptr_t where, uint64_t ticks)
{
	uint32_t flags = interrupts_off();
	struct longest *entry = entry_of(where);
	if (entry && ticks > entry->ticks)
		*entry = (struct longest){name, where, ticks};
	interrupts_restore(flags);
}

void lock_time_end(const struct spinlock *lock)
{
	uint64_t ticks = undisturbed_ticks() - lock->taken_when;
	if (ticks >= NOT_WORTH_NOTING && lock->name && lock->taken_at)
		note(lock->name, lock->taken_at, ticks);
}

void lock_time_interrupt(bool begins)
{
	if (begins) {
		interrupt_since = clock_tsc();
		return;
	}
	uint64_t ticks = clock_tsc() - interrupt_since;
	interrupted += ticks;
	note("an interrupt", (uintptr_t)__builtin_return_address(0), ticks);
}

void lock_times_tell(void)
{
	for (uint32_t i = 0; i < PLACES_MAX && longest[i].where; i++) {
		uint32_t offset;
		const char *function = symbol_find(longest[i].where, &offset);
		log_print("lock: %llu %s %s", (unsigned long long)longest[i].ticks,
		          function ? function : "?", longest[i].name);
	}
}

#endif
