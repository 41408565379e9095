/* SPDX-License-Identifier: MIT */
/*
 * Trap dispatch: from the frame that entry.S built to the handler of its vector, and the
 * work due on the way back: switching threads, and in front of user mode the hook that
 * delivers signals.
 *
 * Exceptions arrive through interrupt gates, so that CR2 is read before anything can
 * fault again; then interrupts go back to what they were in the interrupted code.
 */
#include "kernel/cpu/trap.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/irq.h"
#include "kernel/cpu/paging.h"
#include "kernel/mem/layout.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/locktimes.h"

#define VECTORS 256
#define STUB_SIZE 16
#define EFLAGS_FIXED 0x2u
/* What a program may have in its flags: arithmetic, TF, DF, NT, AC, ID. */
#define EFLAGS_USER 0x244dd5u

struct fixup {
	uint32_t fault_eip, resume_eip;
};

extern char trap_stubs[], trap_system_call[];           /* entry.S */
extern _Noreturn void trap_leave_with(struct trap_frame *);
extern const struct fixup fixups_start[], fixups_end[]; /* linker.ld */
/* Called by entry.S. */
void trap_dispatch(struct trap_frame *);
void trap_dispatch_system_call(struct trap_frame *);

static uint64_t idt[VECTORS] __attribute__((aligned(8)));
static trap_handler *handlers[VECTORS];
/* Written during start-up only. */
static void (*return_hook)(struct trap_frame *);
static void (*user_fault_hook)(struct trap_frame *);

static void gate_set(uint8_t vector, uint32_t selector, uint32_t target, uint32_t type)
{
	idt[vector] = (uint64_t)((target & 0xffff0000) | type << 8) << 32 |
		selector << 16 | (target & 0xffff);
}

void idt_init(void)
{
	for (uint32_t vector = 0; vector < VECTORS; vector++)
		gate_set(vector, KERNEL_CODE, (uint32_t)trap_stubs + vector * STUB_SIZE,
		         GATE_INTERRUPT);
	uint32_t stubs = (uint32_t)trap_stubs;
	gate_set(TRAP_BREAKPOINT, KERNEL_CODE, stubs + TRAP_BREAKPOINT * STUB_SIZE,
	         GATE_INTERRUPT | GATE_USER);
	gate_set(TRAP_OVERFLOW, KERNEL_CODE, stubs + TRAP_OVERFLOW * STUB_SIZE,
	         GATE_INTERRUPT | GATE_USER);
	gate_set(TRAP_SYSCALL, KERNEL_CODE, (uint32_t)trap_system_call, GATE_TRAP | GATE_USER);
	gate_set(TRAP_DOUBLE_FAULT, SELECTOR(GDT_DOUBLE_FAULT_TASK), 0, GATE_TASK);

	struct {
		uint16_t limit;
		uint64_t *base;
	} __attribute__((packed)) pointer = {sizeof(idt) - 1, idt};
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void trap_register(uint8_t vector, trap_handler *handler)
{
	ASSERT_SAYING(!handlers[vector], "two handlers for one vector");
	handlers[vector] = handler;
}

void trap_exchange(uint8_t vector, trap_handler *handler)
{
	ASSERT_SAYING(handlers[vector], "a handler replaces one that is there");
	__atomic_store_n(&handlers[vector], handler, __ATOMIC_RELAXED);
}

uintptr_t trap_fault_address(void)
{
	return thread_current()->fault_address;
}

void trap_set_return_hook(void (*hook)(struct trap_frame *))
{
	return_hook = hook;
}

void trap_set_user_fault_hook(void (*hook)(struct trap_frame *))
{
	user_fault_hook = hook;
}

bool trap_fixup(struct trap_frame *frame)
{
	for (const struct fixup *fixup = fixups_start; fixup < fixups_end; fixup++) {
		if (fixup->fault_eip == frame->eip) {
			frame->eip = fixup->resume_eip;
			return true;
		}
	}
	return false;
}

void trap_unhandled(struct trap_frame *frame)
{
	if (trap_from_user(frame) && user_fault_hook)
		user_fault_hook(frame);
	else if (trap_from_user(frame) || !trap_fixup(frame))
		panic_exception(frame, trap_fault_address());
}

static void interrupt_handle(struct trap_frame *frame)
{
	struct cpu *cpu = this_cpu();
	const struct trap_frame *outer = cpu->interrupted;
	cpu->interrupted = frame;
	if (cpu->interrupt_depth++ == 0)
		lock_time_interrupt(true);
	irq_dispatch(frame->vector - TRAP_IRQ0);
	if (--cpu->interrupt_depth == 0)
		lock_time_interrupt(false);
	cpu->interrupted = outer;
}

static void exception_handle(struct trap_frame *frame)
{
	if (frame->vector == TRAP_PAGE_FAULT)
		thread_current()->fault_address = read_cr2();
	if (frame->vector != TRAP_NMI)
		interrupts_restore(frame->eflags & EFLAGS_IF);
	trap_handler *handler = handlers[frame->vector];
	if (handler)
		handler(frame);
	else
		trap_unhandled(frame);
}

static bool user_work_due(void)
{
	return this_cpu()->resched || thread_current()->interrupted;
}

/* What is due before a program goes on. Called and left with interrupts off, so that nothing
 * can become due between the last look and IRET. */
static void user_work(struct trap_frame *frame)
{
	do {
		if (thread_current()->interrupted) {
			__asm__ volatile("sti" : : : "memory");
			thread_clear_interrupt();
			return_hook(frame);
			__asm__ volatile("cli" : : : "memory");
		}
		if (this_cpu()->resched)
			thread_preempt();
	} while (user_work_due());
}

/* The way out to a program. Leaves interrupts off. */
static inline void leave_to_user(struct trap_frame *frame)
{
	__asm__ volatile("cli" : : : "memory");
	if (__builtin_expect(user_work_due(), false))
		user_work(frame);
	lock_order_expect_none("returns to its program");
	thread_note_progress();
	frame->eflags = (frame->eflags & EFLAGS_USER) | EFLAGS_IF | EFLAGS_FIXED;
}

void trap_dispatch(struct trap_frame *frame)
{
	if (frame->vector >= TRAP_IRQ0 && frame->vector < TRAP_IRQ0 + IRQ_LINES)
		interrupt_handle(frame);
	else
		exception_handle(frame);

	if (trap_from_user(frame)) {
		leave_to_user(frame);
		return;
	}
	__asm__ volatile("cli" : : : "memory");
	struct cpu *cpu = this_cpu();
	if (cpu->resched && !cpu->preempt_off && !cpu->interrupt_depth &&
	    (frame->eflags & EFLAGS_IF))
		thread_preempt();
}

/* int $0x80: from a program, with interrupts on. */
void trap_dispatch_system_call(struct trap_frame *frame)
{
	handlers[TRAP_SYSCALL](frame);
	leave_to_user(frame);
}

void trap_return_to_user(const struct trap_frame *registers)
{
	struct trap_frame *frame = thread_user_frame(thread_current());
	if (registers != frame)
		*frame = *registers;
	leave_to_user(frame);
	trap_leave_with(frame);
}
