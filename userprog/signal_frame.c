/* SPDX-License-Identifier: MIT */
/*
 * Signal frames: what Linux i386 leaves on the stack for a handler, and the way back. The
 * same bytes at the same places, since debuggers, unwinders and handlers rely on them:
 *
 *   fpu state      struct _fpstate, if the program has used the FPU      higher addresses
 *   the frame      one of the two below; the handler's return address,
 *                  its arguments, and the registers at the interruption
 *                                                                        <- ESP
 * The handler returns to its restorer (or to code in the frame), which calls sigreturn.
 */
#include "userprog/signal_frame.h"

#include <asm/errno.h>
#include <asm/sigcontext.h>
#include <linux/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd_32.h>

#include "kernel/cpu/trap.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/process.h"
#include "vm/usercopy.h"

/* Without SA_SIGINFO. The FPU state that stood in its midst long ago left a gap. */
struct old_frame {
	uint32_t return_address;
	int signal;
	struct sigcontext context;
	uint8_t gap[sizeof(struct _fpstate_32)];
	uint32_t blocked_high;
	uint8_t code[8];
};

/* With SA_SIGINFO. */
struct info_frame {
	uint32_t return_address;
	int signal;
	uint32_t info_address, context_address;
	siginfo_t info;
	struct ucontext context;
	uint32_t blocked_high; /* of context.uc_sigmask */
	uint8_t code[8];
};

/* movl $number, %eax; int $0x80. The old one first takes the argument off: popl %eax. */
static const uint8_t old_return[8] = {0x58, 0xb8, __NR_sigreturn, 0, 0, 0, 0xcd, 0x80};
static const uint8_t info_return[8] = {0xb8, __NR_rt_sigreturn, 0, 0, 0, 0xcd, 0x80};

#define FXSAVE_SIZE 512u
#define FXSAVE_OFFSET offsetof(struct _fpstate_32, _fxsr_env)
_Static_assert(sizeof(struct _fpstate_32) == FXSAVE_OFFSET + FXSAVE_SIZE, "FXSAVE image");

/* The fields of FXSAVE's image that FSAVE's has too (SDM vol. 1, 10.5.1 and 8.1.10). */
struct fxsave {
	uint16_t control, status;
	uint8_t tags, reserved;
	uint16_t opcode;
	uint32_t instruction;
	uint16_t instruction_selector, reserved2;
	uint32_t operand;
	uint16_t operand_selector, reserved3;
	uint32_t mxcsr, mxcsr_mask;
	struct _fpxreg st[8];
	uint8_t rest[FXSAVE_SIZE - 160];
} __attribute__((aligned(16)));

#define MXCSR_MASK_DEFAULT 0xffbfu /* if the image has 0 there */

/* What a register holds, as FSAVE's two bits tell it: valid, zero, special. */
static uint32_t tag_of(const struct _fpxreg *st)
{
	bool zero = !(st->significand[0] | st->significand[1] | st->significand[2] |
	              st->significand[3]);
	uint32_t exponent = st->exponent & 0x7fff;
	if (exponent == 0 && zero)
		return 1;
	if (exponent == 0 || exponent == 0x7fff || !(st->significand[3] & 0x8000))
		return 2;
	return 0;
}

/* FSAVE's tag word: by physical register, where FXSAVE's st[] is by distance from the top
 * and its tags only tell empty (3) from the rest. */
static uint32_t tag_word(const struct fxsave *fx)
{
	uint32_t word = 0, top = fx->status >> 11 & 7;
	for (uint32_t i = 0; i < 8; i++) {
		uint32_t tag = fx->tags >> i & 1 ? tag_of(&fx->st[(i - top) & 7]) : 3;
		word |= tag << 2 * i;
	}
	return word | 0xffff0000;
}

/* Writes the FPU state below *top, which is lowered; *state gets its address, or 0 if the
 * program has none. 0 or -EFAULT. */
static int fpu_push(uintptr_t *top, uintptr_t *state)
{
	struct fxsave fx;
	struct _fpstate_32 head; /* only its part before the image is filled in */

	*state = 0;
	if (thread_fpu_get(&fx) != 0)
		return 0;
	memset(&head, 0, FXSAVE_OFFSET);
	head.cw = fx.control | 0xffff0000;
	head.sw = fx.status | 0xffff0000;
	head.tag = tag_word(&fx);
	head.ipoff = fx.instruction;
	head.cssel = fx.instruction_selector | (uint32_t)fx.opcode << 16;
	head.dataoff = fx.operand;
	head.datasel = fx.operand_selector;
	for (int i = 0; i < 8; i++)
		memcpy(&head._st[i], &fx.st[i], sizeof head._st[i]);
	head.status = fx.status;
	head.magic = X86_FXSR_MAGIC;

	*top = (*top - sizeof head) & ~63u;
	*state = *top;
	uint8_t *user = (uint8_t *)*state;
	if (copy_to_user(user, &head, FXSAVE_OFFSET) ||
	    copy_to_user(user + FXSAVE_OFFSET, &fx, FXSAVE_SIZE))
		return -EFAULT;
	return 0;
}

/* Takes the FPU state from where the frame says; 0: it had none. */
static int fpu_pop(uintptr_t state)
{
	struct fxsave fx, now;

	if (!state) {
		thread_fpu_drop();
		return 0;
	}
	if (copy_from_user(&fx, (uint8_t *)state + FXSAVE_OFFSET, sizeof fx))
		return -EFAULT;
	/* Bits of MXCSR that the processor does not have would be an exception in the kernel;
	 * which it has stands in an image of the processor's own making. */
	uint32_t mask = MXCSR_MASK_DEFAULT;
	if (thread_fpu_get(&now) == 0 && now.mxcsr_mask)
		mask = now.mxcsr_mask;
	fx.mxcsr &= mask;
	return thread_fpu_set(&fx);
}

static void context_fill(struct sigcontext *context, const struct process *process,
                         const struct trap_frame *frame, uintptr_t fpu, signal_set blocked)
{
	*context = (struct sigcontext){
		.gs = (uint16_t)frame->gs, .fs = (uint16_t)frame->fs,
		.es = (uint16_t)frame->es, .ds = (uint16_t)frame->ds,
		.edi = frame->edi, .esi = frame->esi, .ebp = frame->ebp, .esp = frame->esp,
		.ebx = frame->ebx, .edx = frame->edx, .ecx = frame->ecx, .eax = frame->eax,
		.trapno = process->exception.vector, .err = process->exception.error,
		.eip = frame->eip, .cs = (uint16_t)frame->cs, .eflags = frame->eflags,
		.esp_at_signal = frame->esp, .ss = (uint16_t)frame->ss,
		.fpstate = (void *)fpu, .oldmask = (uint32_t)blocked,
		.cr2 = process->exception.address,
	};
}

static bool on_alternate(const struct signal_state *signals, uintptr_t esp)
{
	return esp > signals->alternate && esp - signals->alternate <= signals->alternate_size;
}

/* So that ESP + 4 is aligned to 16 in the handler, as after a call (i386 psABI, 2.2.2). */
static uintptr_t frame_place(uintptr_t top, size_t size)
{
	return ((top - size + 4) & ~15u) - 4;
}

static int old_frame_push(uintptr_t top, uintptr_t fpu, const struct process *process,
                          struct trap_frame *frame, int signal,
                          const struct signal_action *action, signal_set blocked)
{
	struct old_frame *user = (struct old_frame *)frame_place(top, sizeof *user);
	struct {
		uint32_t return_address;
		int signal;
		struct sigcontext context;
	} head = {.signal = signal};
	struct {
		uint32_t blocked_high;
		uint8_t code[8];
	} tail = {.blocked_high = (uint32_t)(blocked >> 32)};

	head.return_address = action->flags & SA_RESTORER ? action->restorer
	                                                  : (uintptr_t)user->code;
	context_fill(&head.context, process, frame, fpu, blocked);
	memcpy(tail.code, old_return, sizeof tail.code);
	if (copy_to_user(user, &head, sizeof head) ||
	    copy_to_user(&user->blocked_high, &tail, sizeof tail))
		return -EFAULT;
	frame->esp = (uintptr_t)user;
	frame->edx = frame->ecx = 0;
	return 0;
}

static int info_frame_push(uintptr_t top, uintptr_t fpu, const struct process *process,
                           struct trap_frame *frame, int signal,
                           const struct signal_action *action, const struct signal_info *info,
                           signal_set blocked)
{
	struct info_frame *user = (struct info_frame *)frame_place(top, sizeof *user);
	const struct signal_state *signals = &process->signals;
	struct info_frame copy;

	memset(&copy, 0, sizeof copy);
	copy.return_address = action->flags & SA_RESTORER ? action->restorer
	                                                  : (uintptr_t)user->code;
	copy.signal = signal;
	copy.info_address = (uintptr_t)&user->info;
	copy.context_address = (uintptr_t)&user->context;
	signal_info_fill(&copy.info, signal, info);
	copy.context.uc_stack.ss_sp = (void *)signals->alternate;
	copy.context.uc_stack.ss_size = signals->alternate_size;
	copy.context.uc_stack.ss_flags = !signals->alternate_size ? SS_DISABLE
	                               : on_alternate(signals, frame->esp) ? SS_ONSTACK : 0;
	context_fill(&copy.context.uc_mcontext, process, frame, fpu, blocked);
	copy.context.uc_sigmask = (uint32_t)blocked;
	copy.blocked_high = (uint32_t)(blocked >> 32);
	memcpy(copy.code, info_return, sizeof copy.code);
	if (copy_to_user(user, &copy, sizeof copy))
		return -EFAULT;
	frame->esp = (uintptr_t)user;
	frame->edx = copy.info_address;
	frame->ecx = copy.context_address;
	return 0;
}

int signal_frame_push(struct process *process, struct trap_frame *frame, int signal,
                      const struct signal_action *action, const struct signal_info *info,
                      signal_set blocked)
{
	const struct signal_state *signals = &process->signals;
	uintptr_t top = frame->esp, fpu;

	if (action->flags & SA_ONSTACK && signals->alternate_size &&
	    !on_alternate(signals, top))
		top = signals->alternate + signals->alternate_size;
	int error = fpu_push(&top, &fpu);
	if (!error)
		error = action->flags & SA_SIGINFO
		                ? info_frame_push(top, fpu, process, frame, signal, action, info,
		                                  blocked)
		                : old_frame_push(top, fpu, process, frame, signal, action, blocked);
	if (error)
		return error;
	thread_fpu_drop(); /* the handler starts with a fresh one */
	frame->eax = (uint32_t)signal;
	frame->eip = action->handler;
	frame->cs = USER_CODE;
	frame->ss = frame->ds = frame->es = USER_DATA;
	frame->eflags &= ~(EFLAGS_DF | EFLAGS_TF);
	return 0;
}

#define EFLAGS_PROGRAM 0x00050dd5u /* AC RF OF DF TF SF ZF AF PF CF: a program may set them */
#define DESCRIPTOR_PRESENT (1ull << 47)

/* A selector that a program may load: none, its data, its code, or its own TLS. */
static uint32_t sane_selector(uint32_t selector)
{
	uint32_t entry = selector >> 3;
	if ((selector | 3) == USER_DATA || (selector | 3) == USER_CODE)
		return selector | 3;
	if (!(selector & 4) && entry >= TLS_FIRST && entry < TLS_FIRST + 3 &&
	    thread_current()->tls[entry - TLS_FIRST] & DESCRIPTOR_PRESENT)
		return selector | 3;
	return 0;
}

/* Takes the registers back; nothing in them can give the program more than it had. */
static int context_restore(struct trap_frame *frame, const struct sigcontext *context)
{
	frame->gs = sane_selector(context->gs);
	frame->fs = sane_selector(context->fs);
	frame->es = sane_selector(context->es);
	frame->ds = sane_selector(context->ds);
	frame->edi = context->edi;
	frame->esi = context->esi;
	frame->ebp = context->ebp;
	frame->esp = context->esp;
	frame->ebx = context->ebx;
	frame->edx = context->edx;
	frame->ecx = context->ecx;
	frame->eax = context->eax;
	frame->eip = context->eip;
	frame->cs = USER_CODE;
	frame->ss = USER_DATA;
	frame->eflags = (frame->eflags & ~EFLAGS_PROGRAM) | (context->eflags & EFLAGS_PROGRAM);
	return fpu_pop((uintptr_t)context->fpstate);
}

/* A frame that cannot be read back leaves nowhere to go. */
static int32_t broken_frame(struct trap_frame *frame)
{
	struct process *process = process_current();
	process->exception = (struct exception){.vector = TRAP_STACK, .eip = frame->eip};
	signal_force(SIGSEGV, NULL);
	return 0;
}

int32_t sys_sigreturn(void)
{
	struct trap_frame *frame = thread_user_frame(thread_current());
	/* The handler's ret and the restorer's pop took two words off. */
	const struct old_frame *user = (const struct old_frame *)(frame->esp - 8);
	struct sigcontext context;
	uint32_t high;

	if (copy_from_user(&context, &user->context, sizeof context) ||
	    copy_from_user(&high, &user->blocked_high, sizeof high) ||
	    context_restore(frame, &context))
		return broken_frame(frame);
	process_current()->call = -1;
	signal_set_blocked(context.oldmask | (signal_set)high << 32);
	return (int32_t)frame->eax;
}

int32_t sys_rt_sigreturn(void)
{
	struct trap_frame *frame = thread_user_frame(thread_current());
	/* The handler's ret took one word off. */
	const struct info_frame *user = (const struct info_frame *)(frame->esp - 4);
	struct ucontext context;
	uint32_t high;

	if (copy_from_user(&context, &user->context, sizeof context) ||
	    copy_from_user(&high, &user->blocked_high, sizeof high) ||
	    context_restore(frame, &context.uc_mcontext))
		return broken_frame(frame);
	process_current()->call = -1;
	signal_set_blocked(context.uc_sigmask | (signal_set)high << 32);
	return (int32_t)frame->eax;
}
