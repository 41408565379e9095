/* SPDX-License-Identifier: MIT */
/* Debug registers: see debug_registers.h. */
#include "kernel/cpu/debug_registers.h"

#include "kernel/cpu/trap.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"

#define STATUS_CLEAR 0xffff0ff0u /* DR6 without a reason */

uint32_t debug_registers_used;

void debug_registers_load(const struct debug_registers *registers)
{
	static const struct debug_registers none = {.control = DEBUG_CONTROL_FIXED};
	const struct debug_registers *r = registers ? registers : &none;
	/* Off while the addresses change. */
	__asm__ volatile("movl %0, %%db7" : : "r"(DEBUG_CONTROL_FIXED));
	__asm__ volatile("movl %0, %%db0" : : "r"(r->addresses[0]));
	__asm__ volatile("movl %0, %%db1" : : "r"(r->addresses[1]));
	__asm__ volatile("movl %0, %%db2" : : "r"(r->addresses[2]));
	__asm__ volatile("movl %0, %%db3" : : "r"(r->addresses[3]));
	__asm__ volatile("movl %0, %%db7" : : "r"(r->control | DEBUG_CONTROL_FIXED));
}

struct debug_registers *debug_registers_of(struct thread *thread)
{
	if (!thread->debug) {
		thread->debug = kmalloc_zeroed(sizeof *thread->debug);
		if (thread->debug)
			__atomic_add_fetch(&debug_registers_used, 1, __ATOMIC_RELAXED);
	}
	return thread->debug;
}

void debug_registers_drop(void)
{
	struct thread *thread = thread_current();
	struct debug_registers *own = thread->debug;
	thread->debug_status = 0;
	if (!own)
		return;
	preempt_disable();
	thread->debug = NULL;
	debug_registers_load(NULL);
	__atomic_sub_fetch(&debug_registers_used, 1, __ATOMIC_RELAXED);
	preempt_enable();
	kfree(own);
}

/* Vector 1. The kernel reaches a watched word in a program's behalf: that is no stop, as on Linux;
 * such an address is the program's, and the access is done. */
static void debug_trap(struct trap_frame *frame)
{
	struct thread *thread = thread_current();
	uint32_t status;
	__asm__ volatile("movl %%db6, %0" : "=r"(status));
	__asm__ volatile("movl %0, %%db6" : : "r"(STATUS_CLEAR));
	thread->debug_status = status & (DEBUG_STATUS_HITS | DEBUG_STATUS_STEP);
	if (!trap_from_user(frame) && thread->debug && status & DEBUG_STATUS_HITS)
		return;
	trap_unhandled(frame);
}

void debug_registers_init(void)
{
	trap_register(TRAP_DEBUG, debug_trap);
}
