/* SPDX-License-Identifier: MIT */
/*
 * The end: says what was wrong, in words first, then registers and a backtrace along the
 * chain of frame pointers. Takes no lock and allocates nothing: whoever holds a lock may
 * never run again. A panic while panicking prints its message on the bare serial port.
 */
#include "kernel/panic.h"

#include <stdarg.h>

#include "kernel/boot_args.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/io.h"
#include "kernel/cpu/paging.h"
#include "kernel/cpu/trap.h"
#include "kernel/log.h"
#include "kernel/mem/kmap.h"
#include "kernel/mem/layout.h"
#include "kernel/sched/thread.h"
#include "kernel/symbols.h"
#include "kernel/sync/mutex.h"
#include "kernel/time/clock.h"
#include "lib/printf.h"
#include "lib/string.h"

#define LINE_SIZE 256
#define BACKTRACE_MAX 32
#define NOTES_MAX 5

/* QEMU's isa-debug-exit: writing n ends QEMU with status 2n + 1, here 255. */
#define DEBUG_EXIT_PORT 0xf4
#define DEBUG_EXIT_PANIC 0x7f

struct call_frame {
	const struct call_frame *caller;
	uintptr_t return_address;
};

/* What context_switch leaves on the stack of who is switched out (kernel/sched/switch.S). */
struct switched_out {
	uint32_t edi, esi, ebx;
	const struct call_frame *caller;
	uintptr_t return_address;
};

extern char text_start[], rodata_start[], rodata_end[]; /* linker.ld */

static bool panicking;
static bool panicking_twice;
static void (*notes[NOTES_MAX])(void);
static uintptr_t places[BACKTRACE_MAX]; /* of the backtrace: instructions, not what follows */
static int place_count;

static const char *const exception_names[] = {
	[TRAP_DIVIDE] = "division by zero or overflow of a division",
	[TRAP_DEBUG] = "debug exception",
	[TRAP_NMI] = "non-maskable interrupt",
	[TRAP_BREAKPOINT] = "breakpoint instruction",
	[TRAP_OVERFLOW] = "overflow trap",
	[TRAP_BOUND] = "BOUND range exceeded",
	[TRAP_INVALID_OPCODE] = "invalid instruction",
	[TRAP_NO_FPU] = "floating-point instruction, which the kernel does not use",
	[TRAP_DOUBLE_FAULT] = "double fault",
	[TRAP_INVALID_TSS] = "invalid task state",
	[TRAP_SEGMENT] = "segment not present",
	[TRAP_STACK] = "stack segment fault",
	[TRAP_PROTECTION] = "general protection fault",
	[TRAP_PAGE_FAULT] = "page fault",
	[TRAP_FPU] = "floating-point error",
	[TRAP_ALIGNMENT] = "misaligned access",
	[18] = "machine check",
	[TRAP_SIMD] = "SIMD floating-point error",
};

static void print_list(const char *format, va_list arguments)
{
	char line[LINE_SIZE];
	int length = vsnprintf(line, sizeof(line), format, arguments);
	if (length > LINE_SIZE - 1)
		length = LINE_SIZE - 1;
	log_last_words(line, length, panicking_twice);
}

void panic_print(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_list(format, arguments);
	va_end(arguments);
}

/* The address with the function that contains the byte `back` before it. */
static void print_place(uintptr_t address, uint32_t back)
{
	uint32_t offset;
	const char *name = symbol_find(address - back, &offset);
	if (name)
		panic_print("  %08lx %s+%#x\n", (unsigned long)address, name, offset + back);
	else
		panic_print("  %08lx\n", (unsigned long)address);
}

void panic_print_place(uintptr_t address)
{
	print_place(address, 0);
}

void panic_add_note(void (*say)(void))
{
	for (int i = 0; i < NOTES_MAX; i++) {
		if (!notes[i]) {
			notes[i] = say;
			return;
		}
	}
	panic("more panic notes than there is room for");
}

/* Whether a struct call_frame at the address, on the thread's stack, can be read. */
static bool frame_readable(const struct thread *thread, const struct call_frame *frame)
{
	uintptr_t address = (uintptr_t)frame;
	if (address % sizeof(uintptr_t))
		return false;
	return address >= thread->stack && thread->stack &&
		address <= thread->stack + THREAD_STACK_SIZE - sizeof(*frame);
}

static void add_place(uintptr_t address)
{
	if (place_count < BACKTRACE_MAX && symbol_find(address, &(uint32_t){0}))
		places[place_count++] = address;
}

/* What to type for files and lines: the host has them, the kernel would be half as large
 * again with them. */
static void print_next(void)
{
	panic_print("next, on the host: scripts/where");
#ifdef PAGODA_DEBUG
	panic_print(" --checked");
#endif
	for (int i = 0; i < place_count; i++)
		panic_print(" %lx", (unsigned long)places[i]);
	panic_print("\n");
}

static void backtrace(const struct thread *thread, const struct call_frame *frame)
{
	for (int i = 0; i < BACKTRACE_MAX && frame_readable(thread, frame); i++) {
		if (!frame->return_address)
			return;
		/* The instruction after the call: for a call that never returns that is
		 * the next function already. */
		print_place(frame->return_address, 1);
		add_place(frame->return_address - 1);
		if (frame->caller <= frame)
			return;
		frame = frame->caller;
	}
}

void panic_print_calls_of(const struct thread *thread)
{
	const struct switched_out *saved = thread->context;
	print_place(saved->return_address, 1);
	backtrace(thread, saved->caller);
}

/* Names of the scheduler's and the locks' functions begin so. */
static bool brings_sleep_about(const char *name)
{
	static const char *const parts[] = {"schedule", "switch", "thread_", "wait_", "condition_",
	                                    "mutex_"};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (strncmp(name, parts[i], strlen(parts[i])) == 0)
			return true;
	return false;
}

const char *panic_sleep_place(const struct thread *thread)
{
	const struct switched_out *saved = thread->context;
	const struct call_frame *frame = saved->caller;
	const char *name = symbol_find(saved->return_address, &(uint32_t){0});
	for (int i = 0; name && brings_sleep_about(name); i++) {
		if (i == BACKTRACE_MAX || !frame_readable(thread, frame))
			return NULL;
		name = symbol_find(frame->return_address - 1, &(uint32_t){0});
		frame = frame->caller;
	}
	return name;
}

static void print_registers(const struct trap_frame *frame)
{
	bool user = trap_from_user(frame);
	uint32_t esp = user ? frame->esp : (uint32_t)&frame->esp;
	if (frame->vector == TRAP_DOUBLE_FAULT)
		esp = frame->esp;
	panic_print("eax %08x  ebx %08x  ecx %08x  edx %08x\n", frame->eax, frame->ebx,
	            frame->ecx, frame->edx);
	panic_print("esi %08x  edi %08x  ebp %08x  esp %08x\n", frame->esi, frame->edi,
	            frame->ebp, esp);
	panic_print("eip %08x  cs %02x  eflags %08x  vector %u  error %#x\n", frame->eip,
	            frame->cs & 0xffff, frame->eflags, frame->vector, frame->error);
	panic_print("cr2 %08lx  cr3 %08x\n", (unsigned long)read_cr2(), read_cr3());
}

static void print_thread(void)
{
	const struct thread *thread = thread_current();
	const struct cpu *cpu = this_cpu();
	uint64_t micros = clock_now() / 1000;
	panic_print("in thread %d (%s), %u.%06u s after the start; preemption off %u deep",
	            thread->id, thread->name, (uint32_t)(micros / 1000000),
	            (uint32_t)(micros % 1000000), cpu->preempt_off);
	if (cpu->interrupt_depth)
		panic_print(", in an interrupt");
	if (thread->waiting_for)
		panic_print(", waiting for mutex '%s'", thread->waiting_for->name);
	panic_print("\n");
}

static _Noreturn void stop(void)
{
	if (boot_flag("exit"))
		outb(DEBUG_EXIT_PORT, DEBUG_EXIT_PANIC);
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void begin(const char *format, va_list arguments)
{
	interrupts_off();
	if (panicking_twice)
		stop();
	panicking_twice = panicking;
	panicking = true;
	panic_print("\n*** Pagoda stops: ");
	print_list(format, arguments);
	panic_print("\n");
}

static _Noreturn void finish(const struct trap_frame *frame, const struct call_frame *calls)
{
	print_thread();
	if (frame)
		print_registers(frame);
	panic_print("calls, innermost first:\n");
	if (frame) {
		panic_print_place(frame->eip);
		add_place(frame->eip);
	}
	backtrace(thread_current(), calls);
	print_next();
	for (int i = 0; i < NOTES_MAX && notes[i] && !panicking_twice; i++)
		notes[i]();
	stop();
}

void panic(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	begin(format, arguments);
	va_end(arguments);
	finish(NULL, __builtin_frame_address(0));
}

void panic_trap(const struct trap_frame *frame, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	begin(format, arguments);
	va_end(arguments);
	finish(frame, (const struct call_frame *)(uintptr_t)frame->ebp);
}

/* What lies at an address where the kernel faulted, in words. */
static const char *place_name(uintptr_t address, bool present)
{
	if (address < PAGE_SIZE)
		return "memory through a null pointer";
	if (kmap_in_stack_hole(address))
		return "the hole below a kernel stack, having used it up";
	if (address < USER_END)
		return "user memory without usercopy";
	if (!present)
		return "kernel memory that is not mapped";
	if (address >= (uintptr_t)text_start && address < (uintptr_t)rodata_start)
		return "the kernel's own code, which is read-only";
	if (address >= (uintptr_t)rodata_start && address < (uintptr_t)rodata_end)
		return "a constant, which is read-only";
	return "kernel memory that forbids it";
}

void panic_exception(const struct trap_frame *frame, uintptr_t address)
{
	const char *who = trap_from_user(frame) ? "a program" : "the kernel";
	if (frame->vector == TRAP_PAGE_FAULT)
		panic_trap(frame, "%s %s %s (address %#lx)", who,
		           frame->error & PF_WRITE ? "wrote to" : "read from",
		           place_name(address, frame->error & PF_PRESENT),
		           (unsigned long)address);
	const char *name = "unknown exception";
	if (frame->vector < sizeof(exception_names) / sizeof(exception_names[0]) &&
	    exception_names[frame->vector])
		name = exception_names[frame->vector];
	panic_trap(frame, "%s in %s (vector %u, error code %#x)", name, who, frame->vector,
	           frame->error);
}
