/* SPDX-License-Identifier: MIT */
/* The battery-backed clock (MC146818 and successors). */
#pragma once

#include "lib/types.h"

/* Seconds since 1970-01-01 UTC; the clock is taken to be set to UTC. */
uint64_t cmos_seconds(void);
