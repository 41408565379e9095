/* SPDX-License-Identifier: MIT */
/*
 * Traps: exceptions, interrupts and system calls, from the entry stub (entry.S) to the
 * handler registered for the vector. No policy here.
 */
#pragma once

#include "lib/types.h"

/* What the entry stub leaves on the kernel stack, lowest address first. The last two
 * words are there only when user mode was interrupted. SDM vol. 3A, 6.12. */
struct trap_frame {
	uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
	uint32_t ds, es, fs, gs;
	uint32_t vector, error; /* error: the processor's code, or 0 */
	uint32_t eip, cs, eflags;
	uint32_t esp, ss;
};

#define KERNEL_CODE 0x08u /* segment selectors */
#define KERNEL_DATA 0x10u
#define USER_CODE 0x73u /* where Linux i386 has them: emulators and debuggers look */
#define USER_DATA 0x7bu
#define TLS_FIRST 6u /* GDT entries 6, 7, 8 */

#define TRAP_DIVIDE 0
#define TRAP_DEBUG 1
#define TRAP_NMI 2
#define TRAP_BREAKPOINT 3
#define TRAP_OVERFLOW 4
#define TRAP_BOUND 5
#define TRAP_INVALID_OPCODE 6
#define TRAP_NO_FPU 7
#define TRAP_DOUBLE_FAULT 8
#define TRAP_INVALID_TSS 10
#define TRAP_SEGMENT 11
#define TRAP_STACK 12
#define TRAP_PROTECTION 13
#define TRAP_PAGE_FAULT 14
#define TRAP_FPU 16
#define TRAP_ALIGNMENT 17
#define TRAP_SIMD 19
#define TRAP_IRQ0 32 /* 32..47: the PIC's lines */
#define TRAP_SYSCALL 0x80

#define EFLAGS_TF 0x100u
#define EFLAGS_IF 0x200u
#define EFLAGS_DF 0x400u

static inline bool trap_from_user(const struct trap_frame *frame)
{
	return (frame->cs & 3) == 3;
}

/* The handler runs on the interrupted thread's kernel stack. Exceptions and system
 * calls: with interrupts as they were (on, if user mode or preemptible kernel code was
 * interrupted; vector 14 has CR2 saved before interrupts are on: trap_fault_address).
 * Hardware interrupts: with interrupts off. */
typedef void trap_handler(struct trap_frame *);
void trap_register(uint8_t vector, trap_handler *);
/* Another one takes the place of the handler that was registered. */
void trap_exchange(uint8_t vector, trap_handler *);

/* The faulting address of the page fault being handled, read from CR2 while interrupts
 * were still off. */
uintptr_t trap_fault_address(void);

/* What to do on the way back to user mode (signals): called with interrupts on, if
 * thread_interrupt() came, and again for each that comes meanwhile. The thread's
 * interrupted flag is cleared before each call, so the hook looks at all that is
 * pending. It may sleep, and need not return. The door for userprog. */
void trap_set_return_hook(void (*hook)(struct trap_frame *));
/* What to do about an exception in user mode that nobody registered for (a signal).
 * The door for userprog. */
void trap_set_user_fault_hook(void (*hook)(struct trap_frame *));

/* What becomes of an exception that its handler (or nobody) wants: from user mode the
 * user-fault hook, from the kernel a fixup or a panic that says in words what happened.
 * For handlers that only know some cases. */
void trap_unhandled(struct trap_frame *);

/* Kernel code that may fault on purpose (usercopy): if an exception that nobody else
 * handles happens at an address listed in section __fixups (pairs: faulting eip, where
 * to go on), execution goes on there. Returns false if eip is not listed. */
bool trap_fixup(struct trap_frame *);

/* Leaves for user mode with these registers; does not return. */
_Noreturn void trap_return_to_user(const struct trap_frame *);
