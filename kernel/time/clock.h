/* SPDX-License-Identifier: MIT */
/* Time: a monotonic clock in nanoseconds (TSC, calibrated against the PIT; under
 * -icount exact), the wall clock (CMOS at start-up), and timeouts. */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

#define NS_PER_SECOND 1000000000ull
#define TICKS_PER_SECOND 100u /* timer interrupts; also USER_HZ of /proc */

void clock_init(void);         /* calibrates the TSC (10 ms) and starts the ticks */
uint64_t clock_now(void);      /* ns since boot; callable anywhere */
/* The counter behind it, and how to make ns of it: (tsc - start) * scale >> 24. */
static inline uint64_t clock_tsc(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}
uint64_t clock_tsc_start(void);
uint32_t clock_tsc_scale(void);
uint64_t clock_realtime(void); /* ns since 1970-01-01 UTC */
uint32_t clock_seconds(void);  /* the same in seconds, as of the latest tick: cheaper */
void clock_set_realtime(uint64_t ns);

/* A timeout: `expire` is called once, from the timer interrupt, at or after deadline. */
struct timer {
	struct list_link link;
	uint64_t deadline;
	void (*expire)(struct timer *);
};
void timer_init(struct timer *, void (*expire)(struct timer *));
void timer_set(struct timer *, uint64_t deadline_ns); /* also moves one that is set */
void timer_cancel(struct timer *); /* after it returns, expire does not run any more */
