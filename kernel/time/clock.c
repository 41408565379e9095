/* SPDX-License-Identifier: MIT */
/*
 * The clock is the processor's time-stamp counter, scaled to nanoseconds. Its rate is
 * measured at start-up against channel 2 of the programmable interval timer (8254),
 * whose rate is known.
 */
#include "kernel/time/clock.h"

#include <linux/time.h>

#include "kernel/boot_args.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/io.h"
#include "kernel/panic.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/cmos.h"
#include "kernel/time/oneshot.h"
#include "kernel/time/pit.h"
#include "kernel/time/seconds.h"
#include "kernel/time/time_page.h"
#include "kernel/time/timer.h"
#include "lib/string.h"

#define CALIBRATION_COUNTS (PIT_HZ / 100)
#define SETTLE_COUNTS (PIT_HZ / 1000)
#define SAMPLES 5

struct sample {
	uint64_t tsc;
	uint16_t counter;    /* counts down */
};

/* Written during start-up only, but the offset and the sequence, which realtime_lock guards. */
static struct time_page clock; /* its ns_per_tsc is 0 until it is calibrated */
static bool shared; /* programs may read the time page */

/* Of the realtime at the timer's latest interrupt; written by that, and when it is set. */
static uint32_t seconds;

static struct spinlock realtime_lock = SPINLOCK_INIT("realtime");
/* realtime_lock: what the wall clock gains, in parts of 2^32, and since when. */
static int32_t rate;
static uint64_t rate_since;

/* Both counters at one moment. A guest may lose its processor between the readings, so
 * the pair that was read fastest of a few is the true one. */
static struct sample sample_take(void)
{
	struct sample best = {0};
	uint64_t shortest = UINT64_MAX;
	for (int i = 0; i < SAMPLES; i++) {
		uint64_t before = clock_tsc();
		outb(PIT_COMMAND, PIT_LATCH_2);
		uint64_t after = clock_tsc();
		uint16_t counter = inb(PIT_CHANNEL2);
		counter |= inb(PIT_CHANNEL2) << 8;
		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best = (struct sample){before + shortest / 2, counter};
	}
	return best;
}

/* Reads both counters until the timer has counted so far; returns how far it has. */
static uint16_t sample_until(uint16_t wanted, const struct sample *first, struct sample *last)
{
	uint16_t counts;
	do {
		*last = sample_take();
		counts = first->counter - last->counter;
	} while (counts < wanted);
	return counts;
}

static void calibrate(void)
{
	outb(PIT_GATE_PORT, (inb(PIT_GATE_PORT) & ~PIT_SPEAKER) | PIT_GATE);
	outb(PIT_COMMAND, PIT_RATE_2);
	outb(PIT_CHANNEL2, 0);
	outb(PIT_CHANNEL2, 0); /* 0 stands for 65536: wraps after 55 ms */

	oneshot_calibrate();
	/* v86 puts a guess between two steps of the browser's clock, and its first guesses are wrong by
	 * parts of a second. When the counter has been read for a while it is true. */
	struct sample first = sample_take(), last;
	sample_until(SETTLE_COUNTS, &first, &last);
	first = last;
	uint16_t counts = sample_until(CALIBRATION_COUNTS, &first, &last);

	/* 10 ms at 100 GHz are 2^30 ticks: 32 bits hold the difference. */
	uint32_t ticks = last.tsc - first.tsc;
	uint32_t ns = (uint64_t)counts * NS_PER_SECOND / PIT_HZ;
	clock.tsc_start = first.tsc;
	clock.ns_per_tsc = ((uint64_t)ns << CLOCK_SCALE_SHIFT) / ticks;
	ASSERT_SAYING(clock.ns_per_tsc, "the time-stamp counter does not count");
	oneshot_calibrated();
}

uint64_t clock_now(void)
{
	return clock.ns_per_tsc ? time_of_tsc(&clock, clock_tsc()) : 0;
}

uint64_t clock_tsc_start(void)
{
	return clock.tsc_start;
}

uint32_t clock_tsc_scale(void)
{
	return clock.ns_per_tsc;
}

/* What it has gained since its rate was set. realtime_lock held. */
static uint64_t gained(uint64_t now)
{
	uint64_t ns = now - rate_since;
	return (uint64_t)((int64_t)(ns >> 32) * rate + ((int64_t)(uint32_t)ns * rate >> 32));
}

uint64_t clock_realtime(void)
{
	uint32_t flags = spin_lock_irq(&realtime_lock);
	uint64_t now = clock_now(), offset = clock.offset[CLOCK_REALTIME];
	if (rate)
		offset += gained(now);
	spin_unlock_irq(&realtime_lock, flags);
	return now + offset;
}

uint64_t clock_when_realtime(uint64_t ns)
{
	uint64_t now = clock_now(), real = clock_realtime();
	uint64_t left = ns > real ? ns - real : 0, when = now + left;
	uint32_t flags = spin_lock_irq(&realtime_lock);
	/* That many of its nanoseconds are fewer of the other's if it goes faster. */
	if (rate && left < 1ull << 46)
		when = now + (left << 16) / (uint64_t)((1ll << 16) + (rate >> 16)) + 1;
	spin_unlock_irq(&realtime_lock, flags);
	return when < now ? UINT64_MAX : when;
}

uint32_t clock_seconds(void)
{
	return __atomic_load_n(&seconds, __ATOMIC_RELAXED);
}

void seconds_update(void)
{
	__atomic_store_n(&seconds, clock_realtime() / NS_PER_SECOND, __ATOMIC_RELAXED);
}

void clock_fill_page(struct time_page *page)
{
	uint32_t flags = spin_lock_irq(&realtime_lock);
	__atomic_store_n(&page->sequence, 0, __ATOMIC_SEQ_CST);
	page->tsc_start = clock.tsc_start;
	page->ns_per_tsc = clock.ns_per_tsc;
	memcpy(page->offset, clock.offset, sizeof page->offset);
	__atomic_store_n(&page->sequence, shared && !rate ? clock.sequence : 0,
	                 __ATOMIC_SEQ_CST);
	spin_unlock_irq(&realtime_lock, flags);
}

void clock_set_realtime(uint64_t ns)
{
	uint32_t flags = spin_lock_irq(&realtime_lock);
	rate_since = clock_now();
	clock.offset[CLOCK_REALTIME] = ns - rate_since;
	if (++clock.sequence == 0)
		clock.sequence = 1;
	spin_unlock_irq(&realtime_lock, flags);
	seconds_update();
}

void clock_set_rate(int32_t new)
{
	uint32_t flags = spin_lock_irq(&realtime_lock);
	uint64_t now = clock_now();
	clock.offset[CLOCK_REALTIME] += gained(now);
	rate_since = now;
	rate = new;
	if (++clock.sequence == 0)
		clock.sequence = 1;
	spin_unlock_irq(&realtime_lock, flags);
}

void clock_init(void)
{
	calibrate();
	shared = boot_arg_number("clock.share", 1);
	clock_set_realtime(cmos_seconds() * NS_PER_SECOND);
	timer_start_up();
}
