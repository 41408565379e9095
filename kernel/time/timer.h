/* SPDX-License-Identifier: MIT */
/* Between clock.c and timer.c; users of timers include kernel/time/clock.h. */
#pragma once

#include "lib/types.h"

/* Calls expire for each timer whose deadline is not after `now`. In the timer interrupt. */
void timers_expire(uint64_t now);
