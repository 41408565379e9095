/* SPDX-License-Identifier: MIT */
/* Registers of a tracee (ptrace_registers.h). */
#include "userprog/ptrace_registers.h"

#include <asm/errno.h>

#include "kernel/cpu/debug_registers.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/layout.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/process.h"

/* The order of struct user_regs_struct. */
enum { EBX, ECX, EDX, ESI, EDI, EBP, EAX, DS, ES, FS, GS, ORIG_EAX, EIP, CS, EFL, UESP, SS };

/* AC, RF, OF, DF, TF, SF, ZF, AF, PF, CF: a tracer may set them. */
#define EFLAGS_TRACER 0x50dd5u

static int original_eax(const struct task *task, const struct trap_frame *frame)
{
	return frame->vector == TRAP_SYSCALL ? task->call : -1;
}

void registers_get_locked(const struct task *task, uint32_t words[REGISTER_WORDS])
{
	const struct trap_frame *f = thread_user_frame(task->thread);
	const uint32_t values[REGISTER_WORDS] = {
		[EBX] = f->ebx, [ECX] = f->ecx, [EDX] = f->edx, [ESI] = f->esi, [EDI] = f->edi,
		[EBP] = f->ebp, [EAX] = f->eax, [DS] = f->ds & 0xffff, [ES] = f->es & 0xffff,
		[FS] = f->fs & 0xffff, [GS] = f->gs & 0xffff,
		[ORIG_EAX] = (uint32_t)original_eax(task, f), [EIP] = f->eip,
		[CS] = f->cs & 0xffff, [UESP] = f->esp, [SS] = f->ss & 0xffff,
		[EFL] = task->tracing.steps ? f->eflags & ~EFLAGS_TF : f->eflags,
	};
	memcpy(words, values, sizeof values);
}

/* A selector of a program's, or none where there may be none. What it selects may be nothing: the
 * way back to the program finds that out (entry.S). */
static bool selector_allowed(uint32_t selector, bool needed)
{
	selector &= 0xffff;
	return selector ? (selector & 3) == 3 : !needed;
}

static void set_flags(struct task *task, struct trap_frame *frame, uint32_t flags)
{
	frame->eflags = (frame->eflags & ~EFLAGS_TRACER) | (flags & EFLAGS_TRACER);
	if (flags & EFLAGS_TF)
		task->tracing.steps = false; /* it is the program's own from now on */
	else if (task->tracing.steps)
		frame->eflags |= EFLAGS_TF;
}

int registers_set_locked(struct task *task, const uint32_t w[REGISTER_WORDS])
{
	struct trap_frame *f = thread_user_frame(task->thread);
	if (!selector_allowed(w[DS], false) || !selector_allowed(w[ES], false) ||
	    !selector_allowed(w[FS], false) || !selector_allowed(w[GS], false) ||
	    !selector_allowed(w[CS], true) || !selector_allowed(w[SS], true))
		return -EIO;
	f->ebx = w[EBX], f->ecx = w[ECX], f->edx = w[EDX], f->esi = w[ESI], f->edi = w[EDI];
	f->ebp = w[EBP], f->eax = w[EAX], f->eip = w[EIP], f->esp = w[UESP];
	f->ds = w[DS] & 0xffff, f->es = w[ES] & 0xffff, f->fs = w[FS] & 0xffff;
	f->gs = w[GS] & 0xffff, f->cs = w[CS] & 0xffff, f->ss = w[SS] & 0xffff;
	if ((int)w[ORIG_EAX] != original_eax(task, f))
		task->call = (int)w[ORIG_EAX];
	set_flags(task, f, w[EFL]);
	return 0;
}

/* ---- struct user: the registers first, and at its end the debug registers ---- */

#define USER_SIZE 284u
#define USER_DEBUG 252u
#define DEBUG_STATUS 6u
#define DEBUG_CONTROL 7u

static uint32_t debug_get(const struct thread *thread, uint32_t number)
{
	const struct debug_registers *debug = thread->debug;
	if (number == DEBUG_STATUS)
		return thread->debug_status;
	if (!debug || number == 4 || number == 5)
		return 0;
	return number == DEBUG_CONTROL ? debug->control : debug->addresses[number];
}

#define CONTROL_RESERVED 0xfc00u

/* What breaks on execution has the length of 1 byte; there are no breaks on input and output. */
static bool control_allowed(uint32_t control)
{
	if (control & CONTROL_RESERVED)
		return false;
	for (uint32_t i = 0; i < DEBUG_ADDRESSES; i++) {
		uint32_t kind = control >> (16 + 4 * i) & 3, length = control >> (18 + 4 * i) & 3;
		bool enabled = control >> 2 * i & 3;
		if (enabled && (kind == 2 || length == 2 || (kind == 0 && length != 0)))
			return false;
	}
	return true;
}

/* Only the program's own addresses, and no general detection. */
static int debug_set(struct thread *thread, uint32_t number, uint32_t word)
{
	if (number == 4 || number == 5)
		return -EIO;
	if (number == DEBUG_STATUS) {
		thread->debug_status = word;
		return 0;
	}
	if (number == DEBUG_CONTROL ? !control_allowed(word) : word > USER_END - sizeof word)
		return -EINVAL;
	struct debug_registers *debug = debug_registers_of(thread);
	if (!debug)
		return -ENOMEM;
	if (number == DEBUG_CONTROL)
		debug->control = word;
	else
		debug->addresses[number] = word;
	return 0;
}

static bool in_user_area(uintptr_t offset)
{
	return offset % sizeof(uint32_t) == 0 && offset < USER_SIZE;
}

int user_area_get_locked(const struct task *task, uintptr_t offset, uint32_t *word)
{
	uint32_t words[REGISTER_WORDS], index = offset / sizeof *words;
	if (!in_user_area(offset))
		return -EIO;
	*word = 0;
	if (index < REGISTER_WORDS) {
		registers_get_locked(task, words);
		*word = words[index];
	} else if (offset >= USER_DEBUG) {
		*word = debug_get(task->thread, (offset - USER_DEBUG) / sizeof *words);
	}
	return 0;
}

int user_area_set_locked(struct task *task, uintptr_t offset, uint32_t word)
{
	uint32_t words[REGISTER_WORDS], index = offset / sizeof *words;
	if (!in_user_area(offset))
		return -EIO;
	if (offset >= USER_DEBUG)
		return debug_set(task->thread, (offset - USER_DEBUG) / sizeof *words, word);
	if (index >= REGISTER_WORDS)
		return 0; /* kept nowhere, as on Linux */
	registers_get_locked(task, words);
	words[index] = word;
	return registers_set_locked(task, words);
}
