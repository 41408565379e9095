/* SPDX-License-Identifier: MIT */
/* Between clock.c and timer.c: clock_seconds follows the clock at each interrupt of the timer. */
#pragma once

void seconds_update(void);
