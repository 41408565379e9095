/* SPDX-License-Identifier: MIT */
/* Which signal an exception is, and what siginfo_t says of it (exceptions.h; sigaction(2)). */
#include "userprog/exceptions.h"

#include <linux/signal.h>

#include "kernel/cpu/debug_registers.h"
#include "kernel/cpu/fpu.h"
#include "kernel/cpu/trap.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/process.h"
#include "vm/fault.h"

static void note(const struct trap_frame *frame, uintptr_t address)
{
	task_current()->exception = (struct exception){
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
	case FAULT_KILLED:
		return;
	}
}

#define FX_MXCSR 24          /* where it lies in FXSAVE's image (SDM vol. 1, 10.5) */
#define MXCSR_MASK_SHIFT 7   /* from an exception's flag to the bit that masks it */

/* Which of the unmasked floating-point exceptions was the cause: the flags of x87's status and
 * of MXCSR have the same order. 0: none, and it is over by now. */
static int floating_point_code(uint32_t vector)
{
	uint8_t image[FPU_AREA_SIZE] __attribute__((aligned(16)));
	uint16_t control, status;
	uint32_t mxcsr, causes;
	if (thread_fpu_get(image) != 0)
		return 0;
	memcpy(&control, image, sizeof control);
	memcpy(&status, image + sizeof control, sizeof status);
	memcpy(&mxcsr, image + FX_MXCSR, sizeof mxcsr);
	causes = vector == TRAP_SIMD ? mxcsr & ~(mxcsr >> MXCSR_MASK_SHIFT)
	                             : (uint32_t)(status & ~control);
	return causes & 0x01   ? FPE_FLTINV
	       : causes & 0x04 ? FPE_FLTDIV
	       : causes & 0x08 ? FPE_FLTOVF
	       : causes & 0x12 ? FPE_FLTUND
	       : causes & 0x20 ? FPE_FLTRES : 0;
}

/* A step, an address in a debug register, or the instruction int1. */
static int debug_code(void)
{
	uint32_t status = thread_current()->debug_status;
	return status & DEBUG_STATUS_STEP   ? TRAP_TRACE
	       : status & DEBUG_STATUS_HITS ? TRAP_HWBKPT : TRAP_BRKPT;
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
	if (signal == SIGFPE && frame->vector != TRAP_DIVIDE)
		info.code = floating_point_code(frame->vector);
	if (frame->vector == TRAP_DEBUG)
		info.code = debug_code();
	if (!info.code)
		return;
	if (info.code != SI_KERNEL)
		info.value[0] = frame->eip;
	signal_force(signal, &info);
}

void exceptions_init(void)
{
	trap_set_user_fault_hook(exception);
	fault_set_signal_hook(page_fault);
}
