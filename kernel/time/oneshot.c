/* SPDX-License-Identifier: MIT */
/* The timer that interrupts once (oneshot.h). Sources: Intel 8254 data sheet, mode 0; SDM vol. 3A,
 * 11.5.4. */
#include "kernel/time/oneshot.h"

#include "kernel/boot_args.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/io.h"
#include "kernel/cpu/irq.h"
#include "kernel/time/clock.h"
#include "kernel/time/pit.h"
#include "lib/string.h"

/* What a timer counts in a time: ns * factor >> 32. The longest times stay within 64 bits. */
#define PIT_FACTOR ((uint32_t)((((uint64_t)PIT_HZ << 32) + 999999999) / 1000000000))
#define PIT_MOST 0xffffu
#define PIT_NS_MOST 54900000u
#define APIC_NS_MOST (1ull << 34) /* 17 s */
#define APIC_CALIBRATION 0xffffffffu

/* Written during start-up only. */
static void (*rung)(void);
static bool has_apic;
static uint32_t apic_factor;
static uint64_t calibration_tsc;

void oneshot_calibrate(void)
{
	const char *wanted = boot_arg("timer");
	has_apic = !(wanted && strcmp(wanted, "pit") == 0) && apic_init();
	if (has_apic)
		apic_timer_start(APIC_CALIBRATION);
	calibration_tsc = clock_tsc();
}

void oneshot_calibrated(void)
{
	if (!has_apic)
		return;
	uint64_t ns = (clock_tsc() - calibration_tsc) * clock_tsc_scale() >> 24;
	uint32_t counted = APIC_CALIBRATION - apic_timer_left();
	apic_timer_start(0);
	apic_factor = (uint32_t)(((uint64_t)counted << 32) / ns);
	has_apic = apic_factor != 0;
}

static bool ring(void *context)
{
	(void)context;
	rung();
	return true;
}

void oneshot_init(void (*ring_whom)(void))
{
	rung = ring_whom;
	irq_register(has_apic ? IRQ_LOCAL_TIMER : PIT_LINE, "timer", ring, NULL);
}

static void pit_start(uint64_t ns)
{
	uint32_t count = ns < PIT_NS_MOST ? (uint32_t)(ns * PIT_FACTOR >> 32) + 1 : PIT_MOST;
	outb(PIT_COMMAND, PIT_ONCE_0);
	outb(PIT_CHANNEL0, count & 0xff);
	outb(PIT_CHANNEL0, count >> 8);
}

void oneshot_start(uint64_t ns)
{
	if (!has_apic) {
		pit_start(ns);
		return;
	}
	if (ns > APIC_NS_MOST)
		ns = APIC_NS_MOST;
	apic_timer_start((uint32_t)(ns * apic_factor >> 32) + 1);
}
