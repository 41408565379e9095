/* SPDX-License-Identifier: MIT */
/* Between clock.c, timer.c and kernel/sched; users of timers include kernel/time/clock.h. */
#pragma once

#include "lib/types.h"

/* Starts the machine's timer. Interrupts off. */
void timer_start_up(void);

/*
 * The ticks: TICKS_PER_SECOND times a second, at whole hundredths, while a thread runs: its slice
 * ends by them, and what it uses is counted. The idle thread has none. Callers in kernel/sched,
 * interrupts off.
 */
void ticks_start(void);
