/* SPDX-License-Identifier: MIT */
/*
 * The clock is the processor's time-stamp counter, scaled to nanoseconds. Its rate is
 * measured at start-up against channel 2 of the programmable interval timer (8254),
 * whose rate is known; channel 0 of the same chip interrupts 100 times a second.
 */
#include "kernel/time/clock.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/io.h"
#include "kernel/cpu/irq.h"
#include "kernel/cpu/trap.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/cmos.h"
#include "kernel/time/timer.h"

#define PIT_HZ 1193182u
#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_RATE_0 0x34      /* channel 0, low then high byte, mode 2 */
#define PIT_RATE_2 0xb4      /* channel 2, the same */
#define PIT_LATCH_2 0x80
#define PIT_GATE_PORT 0x61   /* bit 0 lets channel 2 count, bit 1 is the speaker */
#define PIT_GATE 0x01
#define PIT_SPEAKER 0x02
#define PIT_LINE 0

#define CALIBRATION_COUNTS (PIT_HZ / 100)
#define SAMPLES 5
#define SCALE_SHIFT 24       /* of ns_per_tsc: good for 4 MHz to many GHz */

struct sample {
	uint64_t tsc;
	uint16_t counter;    /* counts down */
};

/* Written during start-up only. */
static uint64_t tsc_start;
static uint32_t ns_per_tsc;  /* << SCALE_SHIFT; 0: not calibrated yet */

/* Of the realtime at the latest tick; written by that, and when it is set. */
static uint32_t seconds;

static struct spinlock realtime_lock = SPINLOCK_INIT("realtime");
static uint64_t realtime_offset; /* ns; guarded by realtime_lock */

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

static void calibrate(void)
{
	outb(PIT_GATE_PORT, (inb(PIT_GATE_PORT) & ~PIT_SPEAKER) | PIT_GATE);
	outb(PIT_COMMAND, PIT_RATE_2);
	outb(PIT_CHANNEL2, 0);
	outb(PIT_CHANNEL2, 0); /* 0 stands for 65536: wraps after 55 ms */

	struct sample first = sample_take(), last;
	uint16_t counts;
	do {
		last = sample_take();
		counts = first.counter - last.counter;
	} while (counts < CALIBRATION_COUNTS);

	/* 10 ms at 100 GHz are 2^30 ticks: 32 bits hold the difference. */
	uint32_t ticks = last.tsc - first.tsc;
	uint32_t ns = (uint64_t)counts * NS_PER_SECOND / PIT_HZ;
	tsc_start = first.tsc;
	ns_per_tsc = ((uint64_t)ns << SCALE_SHIFT) / ticks;
	ASSERT_SAYING(ns_per_tsc, "the time-stamp counter does not count");
}

uint64_t clock_now(void)
{
	if (!ns_per_tsc)
		return 0;
	uint64_t ticks = clock_tsc() - tsc_start;
	uint64_t low = (ticks & UINT32_MAX) * ns_per_tsc >> SCALE_SHIFT;
	uint64_t high = (ticks >> 32) * ns_per_tsc << (32 - SCALE_SHIFT);
	return high + low;
}

uint64_t clock_tsc_start(void)
{
	return tsc_start;
}

uint32_t clock_tsc_scale(void)
{
	return ns_per_tsc;
}

uint64_t clock_realtime(void)
{
	uint32_t flags = spin_lock_irq(&realtime_lock);
	uint64_t offset = realtime_offset;
	spin_unlock_irq(&realtime_lock, flags);
	return clock_now() + offset;
}

uint32_t clock_seconds(void)
{
	return __atomic_load_n(&seconds, __ATOMIC_RELAXED);
}

static void seconds_update(void)
{
	__atomic_store_n(&seconds, clock_realtime() / NS_PER_SECOND, __ATOMIC_RELAXED);
}

void clock_set_realtime(uint64_t ns)
{
	uint32_t flags = spin_lock_irq(&realtime_lock);
	realtime_offset = ns - clock_now();
	spin_unlock_irq(&realtime_lock, flags);
	seconds_update();
}

static bool tick(void *context)
{
	(void)context;
	const struct trap_frame *interrupted = this_cpu()->interrupted;
	seconds_update();
	timers_expire(clock_now());
	thread_tick(trap_from_user(interrupted));
	return true;
}

void clock_init(void)
{
	calibrate();
	clock_set_realtime(cmos_seconds() * NS_PER_SECOND);

	uint32_t divisor = (PIT_HZ + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND;
	outb(PIT_COMMAND, PIT_RATE_0);
	outb(PIT_CHANNEL0, divisor & 0xff);
	outb(PIT_CHANNEL0, divisor >> 8);
	irq_register(PIT_LINE, tick, NULL);
}
