/* SPDX-License-Identifier: MIT */
/* What chaos mode does to memory: see shake.h. */
#include "vm/shake.h"

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

static void drop_entries(struct frame *frame)
{
	spin_lock(&vm_lock);
	if (frame_is_page(frame) && frame->mappings && !frame->locks) {
		frame_unmap(frame);
		vm_count(VM_chaos_dropped);
	}
	spin_unlock(&vm_lock);
}

void shake_now(void)
{
	if (!thread_may_sleep() || thread_current()->reclaiming)
		return;
	for (uint32_t i = 0; i < FRAMES_A_SHAKE; i++) {
		struct frame *frame = &frames[1 + chaos_random() % (physmem_end() - 1)];
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
		shake();
	}
}

void shake_start(void)
{
	if (!chaos_begin())
		return;
	schedule_shuffle(chaos_random);
	ASSERT_SAYING(thread_create("chaos", shaker, NULL), "no memory for the chaos thread");
}
