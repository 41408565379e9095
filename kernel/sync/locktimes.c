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

void lock_time_begin(struct spinlock *lock, uintptr_t where)
{
	lock->taken_at = where;
	lock->taken_when = clock_tsc();
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

void lock_time_end(const struct spinlock *lock)
{
	uint64_t ticks = clock_tsc() - lock->taken_when;
	if (ticks < NOT_WORTH_NOTING || !lock->name || !lock->taken_at)
		return;
	uint32_t flags = interrupts_off();
	struct longest *entry = entry_of(lock->taken_at);
	if (entry && ticks > entry->ticks)
		*entry = (struct longest){lock->name, lock->taken_at, ticks};
	interrupts_restore(flags);
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
