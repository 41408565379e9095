/* SPDX-License-Identifier: MIT */
/*
 * Signal frames: what Linux i386 leaves on the stack for a handler, and the way back. The
 * same bytes at the same places, since debuggers, unwinders and handlers rely on them:
 *
 *   fpu state      struct _fpstate, if the program has used the FPU      higher addresses
 *   the frame      one of the two below; the handler's return address,
 *                  its arguments, and the registers at the interruption
 *                                                                        <- ESP
 * The handler returns to its restorer, or to the vDSO's, which calls sigreturn. The frame has a copy
 * of that code, which nobody runs (the stack may hold none): gdb knows a frame by it.
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
#include "userprog/fpu_image.h"
#include "userprog/ldt.h"
#include "userprog/process.h"
#include "userprog/tls.h"
#include "userprog/vdso.h"
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
#define OLD_RETURN {0x58, 0xb8, __NR_sigreturn, 0, 0, 0, 0xcd, 0x80}
static const uint8_t info_return[8] = {0xb8, __NR_rt_sigreturn, 0, 0, 0, 0xcd, 0x80};

#define FXSAVE_USED 288u /* bytes of it that FXRSTOR loads outside of 64-bit mode */
#define FXSAVE_OFFSET offsetof(struct _fpstate_32, _fxsr_env)
_Static_assert(sizeof(struct _fpstate_32) == FXSAVE_OFFSET + FXSAVE_SIZE, "FXSAVE image");

/* Where the FPU state goes, if there is one: below that begins the frame. */
static uintptr_t fpu_place(uintptr_t top)
{
	return thread_current()->fpu ? (top - sizeof(struct _fpstate_32)) & ~63u : top;
}

/* Writes the FPU state below *top, which is lowered; *state gets its address, or 0 if the
 * program has none. 0 or -EFAULT. */
static int fpu_push(uintptr_t *top, uintptr_t *state)
{
	const struct fxsave *fx = thread_fpu_saved();
	struct _fpstate_32 head; /* only its part before the image is filled in */

	*state = 0;
	if (!fx)
		return 0;
	fpu_image_to_fsave(fx, (struct fsave *)&head);
	head.status = fx->status;
	head.magic = X86_FXSR_MAGIC;

	*state = *top = fpu_place(*top);
	uint8_t *user = (uint8_t *)*state;
	if (copy_to_user(user, &head, FXSAVE_OFFSET) ||
	    copy_to_user(user + FXSAVE_OFFSET, fx, FXSAVE_SIZE))
		return -EFAULT;
	return 0;
}

/* Takes the FPU state from where the frame says; 0: it had none. One that cannot be read to its end
 * is none, either. */
static int fpu_pop(uintptr_t state)
{
	void *area = state ? thread_fpu_replace() : NULL;

	if (state && !area)
		return -ENOMEM;
	if (!area || copy_from_user(area, (uint8_t *)state + FXSAVE_OFFSET, FXSAVE_USED)) {
		thread_fpu_drop();
		return state ? -EFAULT : 0;
	}
	thread_fpu_replaced();
	return 0;
}

static void context_fill(struct sigcontext *context, const struct task *task,
                         const struct trap_frame *frame, uintptr_t fpu, signal_set blocked)
{
	*context = (struct sigcontext){
		.gs = (uint16_t)frame->gs, .__gsh = 0, .fs = (uint16_t)frame->fs, .__fsh = 0,
		.es = (uint16_t)frame->es, .__esh = 0, .ds = (uint16_t)frame->ds, .__dsh = 0,
		.edi = frame->edi, .esi = frame->esi, .ebp = frame->ebp, .esp = frame->esp,
		.ebx = frame->ebx, .edx = frame->edx, .ecx = frame->ecx, .eax = frame->eax,
		.trapno = task->exception.vector, .err = task->exception.error,
		.eip = frame->eip, .cs = (uint16_t)frame->cs, .__csh = 0, .eflags = frame->eflags,
		.esp_at_signal = frame->esp, .ss = (uint16_t)frame->ss, .__ssh = 0,
		.fpstate = (void *)fpu, .oldmask = (uint32_t)blocked,
		.cr2 = task->exception.address,
	};
}

/* So that ESP + 4 is aligned to 16 in the handler, as after a call (i386 psABI, 2.2.2). */
static uintptr_t frame_place(uintptr_t top, size_t size)
{
	return ((top - size + 4) & ~15u) - 4;
}

static uintptr_t return_address(const struct signal_action *action)
{
	return action->flags & SA_RESTORER ? action->restorer
	                                   : vdso_signal_return(action->flags & SA_SIGINFO);
}

static int old_frame_push(uintptr_t top, uintptr_t fpu, const struct task *task,
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
	} tail = {.blocked_high = (uint32_t)(blocked >> 32), .code = OLD_RETURN};

	head.return_address = return_address(action);
	context_fill(&head.context, task, frame, fpu, blocked);
	if (copy_to_user(user, &head, sizeof head) ||
	    copy_to_user(&user->blocked_high, &tail, sizeof tail))
		return -EFAULT;
	frame->esp = (uintptr_t)user;
	frame->edx = frame->ecx = 0;
	return 0;
}

static int info_frame_push(uintptr_t top, uintptr_t fpu, const struct task *task,
                           struct trap_frame *frame, int signal,
                           const struct signal_action *action, const struct signal_info *info,
                           signal_set blocked)
{
	struct info_frame *user = (struct info_frame *)frame_place(top, sizeof *user);
	struct info_frame copy;

	memset(&copy, 0, sizeof copy);
	copy.return_address = return_address(action);
	copy.signal = signal;
	copy.info_address = (uintptr_t)&user->info;
	copy.context_address = (uintptr_t)&user->context;
	signal_info_fill(&copy.info, signal, info);
	signal_stack_tell(&task->signals, frame->esp, &copy.context.uc_stack);
	context_fill(&copy.context.uc_mcontext, task, frame, fpu, blocked);
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

/* Where all of it ends; 0: nowhere, since the alternate stack, on which the program is or goes
 * now, is too short for a frame of this size. */
static uintptr_t frame_top(const struct task_signals *signals, uintptr_t esp, bool wants_stack,
                           size_t size)
{
	const struct signal_stack *stack = &signals->stack;
	if (!stack->size)
		return esp;
	bool stays = signal_on_stack(signals, esp);
	bool enters = wants_stack && stack->size && !stays;
	uintptr_t top = enters ? stack->start + stack->size : esp;
	uintptr_t room = top - stack->start;
	uintptr_t needed = top - frame_place(fpu_place(top), size);
	return (stays || enters) && needed >= room ? 0 : top;
}

int signal_frame_push(struct task *task, struct trap_frame *frame, int signal,
                      const struct signal_action *action, const struct signal_info *info,
                      signal_set blocked)
{
	bool tells = action->flags & SA_SIGINFO;
	size_t size = tells ? sizeof(struct info_frame) : sizeof(struct old_frame);
	uintptr_t fpu, top = frame_top(&task->signals, frame->esp,
	                               action->flags & SA_ONSTACK, size);
	int error = top ? fpu_push(&top, &fpu) : -EFAULT;
	if (!error)
		error = tells ? info_frame_push(top, fpu, task, frame, signal, action, info,
		                                blocked)
		              : old_frame_push(top, fpu, task, frame, signal, action, blocked);
	if (error)
		return error;
	if (task->signals.stack.auto_disarm)
		task->signals.stack = (struct signal_stack){0};
	thread_fpu_renew(); /* the handler starts with a fresh one */
	frame->eax = (uint32_t)signal;
	frame->eip = action->handler;
	frame->cs = USER_CODE;
	frame->ss = frame->ds = frame->es = USER_DATA;
	frame->eflags &= ~(EFLAGS_DF | EFLAGS_TF);
	return 0;
}

#define EFLAGS_PROGRAM 0x00050dd5u /* AC RF OF DF TF SF ZF AF PF CF: a program may set them */

/* A selector that a program may load: none, its data, its code, its own TLS, or of its local table. */
static uint32_t sane_selector(uint32_t selector)
{
	uint32_t entry = selector >> 3;
	if (selector & 4)
		return ldt_has(entry) ? selector | 3 : 0;
	if ((selector | 3) == USER_DATA || (selector | 3) == USER_CODE)
		return selector | 3;
	if (entry >= TLS_FIRST && entry < TLS_FIRST + 3 &&
	    thread_current()->tls[entry - TLS_FIRST] & DESCRIPTOR_PRESENT)
		return selector | 3;
	return 0;
}

/* The same for code and stack: of the program's local table, or the usual one. What cannot be loaded
 * there entry.S replaces. */
static uint32_t own_selector(uint32_t selector, uint32_t usual)
{
	return selector & 4 && sane_selector(selector) ? selector | 3 : usual;
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
	frame->cs = own_selector(context->cs, USER_CODE);
	frame->ss = own_selector(context->ss, USER_DATA);
	frame->eflags = (frame->eflags & ~EFLAGS_PROGRAM) | (context->eflags & EFLAGS_PROGRAM);
	return fpu_pop((uintptr_t)context->fpstate);
}

/* A frame that cannot be read back leaves nowhere to go. */
static int32_t broken_frame(struct trap_frame *frame)
{
	task_current()->exception = (struct exception){.vector = TRAP_STACK, .eip = frame->eip};
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
	task_current()->call = -1;
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
	/* What it is told of the stack may be nonsense: then that stays as it is. */
	(void)signal_stack_set(&context.uc_stack, frame->esp);
	task_current()->call = -1;
	signal_set_blocked(context.uc_sigmask | (signal_set)high << 32);
	return (int32_t)frame->eax;
}
