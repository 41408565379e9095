/* SPDX-License-Identifier: MIT */
/* Time: a monotonic clock in nanoseconds (TSC, calibrated against the PIT; under
 * -icount exact), the wall clock (CMOS at start-up), and timeouts. */
#pragma once

#include "lib/heap.h"
#include "lib/types.h"

#define NS_PER_SECOND 1000000000ull
#define TICKS_PER_SECOND 100u /* while a thread runs; also USER_HZ of /proc */

void clock_init(void);         /* calibrates the TSC (10 ms) and starts the timer */
uint64_t clock_now(void);      /* ns since boot; callable anywhere */
/* The counter behind it, and how to make ns of it: time_page.h. */
static inline uint64_t clock_tsc(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}
uint64_t clock_tsc_start(void);
uint32_t clock_tsc_scale(void);
uint64_t clock_realtime(void); /* ns since 1970-01-01 UTC */
uint32_t clock_seconds(void);  /* in seconds, as of the timer's latest interrupt: cheaper */
void clock_set_realtime(uint64_t ns);
/* The wall clock goes faster than the other from now on by `rate` parts of 2^32; below 0: slower. */
void clock_set_rate(int32_t rate);
/* What the other shows when the wall clock shows this, at the rate that it has now; not before now. */
uint64_t clock_when_realtime(uint64_t ns);
/* Makes the page right (time_page.h), which programs may be reading. It is so until the wall clock is
 * set. With clock.share=0 on the kernel's command line, and while the wall clock has another rate, it says
 * that they must ask the kernel. */
struct time_page;
void clock_fill_page(struct time_page *);

/* A timeout: `expire` is called once, in an interrupt, at or after its deadline. A patient one does
 * not wake an idle machine: it comes with the next interrupt of the timer behind its deadline. */
struct timer {
	struct heap_node node;  /* by deadline */
	void (*expire)(struct timer *);
	bool patient;           /* timer_init: false; changed only while it is not set */
};
void timer_init(struct timer *, void (*expire)(struct timer *));
void timer_set(struct timer *, uint64_t deadline_ns); /* also moves one that is set */
void timer_cancel(struct timer *); /* after it returns, expire does not run any more */
