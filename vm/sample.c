/* SPDX-License-Identifier: MIT */
/* Recording what programs touch: see sample.h. */
#include "vm/sample.h"

#include "kernel/boot_args.h"
#include "kernel/log.h"
#include "kernel/mem/physmem.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "vm/frame.h"
#include "vm/pagedir.h"
#include "vm/vm.h"

#define FRAMES_A_HOLD 128u
#define NS_PER_MS 1000000ull

static uint64_t interval;

/* Drops the entries of some frames; A and D bits go to the frames, as with every entry. */
static void unmap_some(uint32_t first, uint32_t end)
{
	spin_lock(&vm_lock);
	for (uint32_t number = first; number < end; number++) {
		struct frame *frame = &frames[number];
		if (frame_is_page(frame) && frame->mappings && !frame->locks)
			frame_unmap(frame);
	}
	spin_unlock(&vm_lock);
}

static void sampler(void *unused)
{
	(void)unused;
	for (;;) {
		thread_sleep_until(clock_now() + interval);
		uint32_t end;
		for (uint32_t number = 1; number < physmem_end(); number = end) {
			end = number + FRAMES_A_HOLD;
			if (end > physmem_end())
				end = physmem_end();
			unmap_some(number, end);
		}
	}
}

void sample_start(void)
{
	interval = boot_arg_number("vm.sample", 0) * NS_PER_MS;
	if (!interval)
		return;
	log_print("every page-table entry is dropped each %u ms", (uint32_t)(interval / NS_PER_MS));
	ASSERT_SAYING(thread_create("sampler", sampler, NULL), "no memory for the sampler");
}
