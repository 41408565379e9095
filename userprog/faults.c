/* SPDX-License-Identifier: MIT */
/* Which signal an exception is, and what siginfo_t says of it (faults.h; sigaction(2)). */
#include "userprog/faults.h"

#include <linux/signal.h>

#include "kernel/cpu/trap.h"
#include "userprog/process.h"
#include "vm/fault.h"

static void note(const struct trap_frame *frame, uintptr_t address)
{
	process_current()->exception = (struct exception){
		.vector = frame->vector, .error = frame->error, .address = address,
		.eip = frame->eip};
}

/* An access that the page-fault handler could not satisfy. */
static void page_fault(struct trap_frame *frame, uintptr_t address, enum fault_result result)
{
	struct signal_info info = {.value = {address}};
	note(frame, address);
	switch (result) {
	case FAULT_MAPERR:
		info.code = SEGV_MAPERR;
		signal_force(SIGSEGV, &info);
		return;
	case FAULT_ACCERR:
		info.code = SEGV_ACCERR;
		signal_force(SIGSEGV, &info);
		return;
	case FAULT_BUS:
		info.code = BUS_ADRERR;
		signal_force(SIGBUS, &info);
		return;
	case FAULT_NO_MEMORY:
		signal_force(SIGKILL, NULL);
		return;
	case FAULT_DONE:
		return;
	}
}

/* All other exceptions. The address of those that have one is the instruction's. */
static void exception(struct trap_frame *frame)
{
	static const struct {
		int signal, code;
	} signals[] = {
		[TRAP_DIVIDE] = {SIGFPE, FPE_INTDIV},
		[TRAP_DEBUG] = {SIGTRAP, TRAP_TRACE},
		[TRAP_BREAKPOINT] = {SIGTRAP, SI_KERNEL},
		[TRAP_OVERFLOW] = {SIGSEGV, SI_KERNEL},
		[TRAP_BOUND] = {SIGSEGV, SI_KERNEL},
		[TRAP_INVALID_OPCODE] = {SIGILL, ILL_ILLOPN},
		[TRAP_INVALID_TSS] = {SIGSEGV, SI_KERNEL},
		[TRAP_SEGMENT] = {SIGBUS, SI_KERNEL},
		[TRAP_STACK] = {SIGBUS, SI_KERNEL},
		[TRAP_PROTECTION] = {SIGSEGV, SI_KERNEL},
		[TRAP_FPU] = {SIGFPE, FPE_FLTINV},
		[TRAP_ALIGNMENT] = {SIGBUS, BUS_ADRALN},
		[TRAP_SIMD] = {SIGFPE, FPE_FLTINV},
	};
	int signal = SIGSEGV;
	struct signal_info info = {.code = SI_KERNEL};
	note(frame, 0);
	if (frame->vector < sizeof signals / sizeof signals[0] && signals[frame->vector].signal) {
		signal = signals[frame->vector].signal;
		info.code = signals[frame->vector].code;
	}
	if (info.code != SI_KERNEL)
		info.value[0] = frame->eip;
	if (frame->vector == TRAP_DEBUG)
		frame->eflags &= ~EFLAGS_TF;
	signal_force(signal, &info);
}

void faults_init(void)
{
	trap_set_user_fault_hook(exception);
	fault_set_signal_hook(page_fault);
}
