/* SPDX-License-Identifier: MIT */
/* Chaos mode: see chaos.h. */
#include "vm/chaos.h"

#include "kernel/boot_args.h"
#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "vm/evict.h"
#include "vm/frame.h"
#include "vm/pagedir.h"
#include "vm/vm.h"

#define FRAMES_A_SHAKE 4u
#define SHAKE_NS (5 * 1000 * 1000ull)

bool chaos_on;
static uint32_t state; /* a torn update only makes it more random */

/* xorshift: G. Marsaglia, Journal of Statistical Software 8(14), 2003. */
static uint32_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

bool chaos_chance(uint32_t one_in)
{
	return next_random() % one_in == 0;
}

static void drop_entries(struct frame *frame)
{
	spin_lock(&vm_lock);
	if ((frame->state == FRAME_ANON || frame->state == FRAME_FILE) && frame->mappings &&
	    !frame_locked(frame)) {
		frame_unmap(frame);
		vm_count(VM_chaos_dropped);
	}
	spin_unlock(&vm_lock);
}

void chaos_do_shake(void)
{
	if (!thread_may_sleep() || thread_current()->reclaiming)
		return;
	for (uint32_t i = 0; i < FRAMES_A_SHAKE; i++) {
		struct frame *frame = &frames[1 + next_random() % (physmem_end() - 1)];
		if (chaos_strikes(2))
			drop_entries(frame);
		else if (evict_frame(frame))
			vm_count(VM_chaos_evicted);
	}
	if (chaos_strikes(4))
		thread_yield();
}

static void shaker(void *unused)
{
	(void)unused;
	for (;;) {
		thread_sleep_until(clock_now() + SHAKE_NS);
		chaos_shake();
	}
}

void chaos_start(void)
{
	state = boot_arg_number("vm.chaos", 0);
	if (!state)
		return;
	log_print("chaos mode, seed %u", state);
	chaos_on = true;
	schedule_shuffle(next_random);
	ASSERT_SAYING(thread_create("chaos", shaker, NULL), "no memory for the chaos thread");
}
