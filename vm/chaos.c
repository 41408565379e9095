/* SPDX-License-Identifier: MIT */
/* Chaos mode's random numbers: see chaos.h. */
#include "vm/chaos.h"

#include "kernel/boot_args.h"
#include "kernel/log.h"

bool chaos_on;
static uint32_t state; /* a torn update only makes it more random */

/* xorshift: G. Marsaglia, Journal of Statistical Software 8(14), 2003. */
uint32_t chaos_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

bool chaos_chance(uint32_t one_in)
{
	return chaos_random() % one_in == 0;
}

bool chaos_begin(void)
{
	state = boot_arg_number("vm.chaos", 0);
	if (!state)
		return false;
	log_print("chaos mode, seed %u", state);
	chaos_on = true;
	return true;
}
