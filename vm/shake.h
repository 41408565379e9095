/* SPDX-License-Identifier: MIT */
/* Chaos mode's part that needs all of vm/: whatever may happen to a page at any time, happens. */
#pragma once

#include "vm/chaos.h"

void shake_start(void); /* where the command line asks for chaos */
void shake_now(void);   /* for shake alone */

/* In chaos mode: drops some random entries, evicts some random frames, perhaps gives up the
 * processor. Called where a fault begins and ends. No locks held; may sleep. */
static inline void shake(void)
{
	if (chaos_on)
		shake_now();
}
