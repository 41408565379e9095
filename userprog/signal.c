/* SPDX-License-Identifier: MIT */
/*
 * Sending signals and acting on them (signal.h).
 *
 * What a signal without handler does (signal(7)):
 *   ignored     SIGCHLD SIGURG SIGWINCH; SIGCONT, which continued the process when sent
 *   stops       SIGSTOP SIGTSTP SIGTTIN SIGTTOU
 *   ends it     all others
 * Process 1 is spared what it has no handler for.
 */
#include "userprog/signal.h"

#include <asm/siginfo.h>

#include "kernel/cpu/paging.h"
#include "kernel/cpu/trap.h"
#include "kernel/log.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/exit.h"
#include "userprog/process.h"
#include "userprog/report.h"
#include "userprog/signal_frame.h"
#include "userprog/syscall.h"

/* uapi's SIG_DFL and SIG_IGN are function pointers. */
#define HANDLER_DEFAULT ((uintptr_t)SIG_DFL)
#define HANDLER_IGNORE ((uintptr_t)SIG_IGN)

static const signal_set default_ignored =
	1ull << (SIGCHLD - 1) | 1ull << (SIGURG - 1) | 1ull << (SIGWINCH - 1) |
	1ull << (SIGCONT - 1);
static const signal_set default_stops = 1ull << (SIGSTOP - 1) | 1ull << (SIGTSTP - 1) |
                                        1ull << (SIGTTIN - 1) | 1ull << (SIGTTOU - 1);

static struct signal_action *action_of(struct process *process, int signal)
{
	return &process->signals.actions[signal - 1];
}

static bool is_ignored(struct process *process, int signal)
{
	uintptr_t handler = action_of(process, signal)->handler;
	return handler == HANDLER_IGNORE ||
	       (handler == HANDLER_DEFAULT && (default_ignored & signal_bit(signal)));
}

static signal_set deliverable(const struct process *process)
{
	return process->signals.pending & ~process->signals.blocked;
}

bool signal_pending(void)
{
	struct process *process = process_current();
	return process && deliverable(process);
}

bool signal_killed(void)
{
	struct process *process = process_current();
	return process && (process->signals.pending & signal_bit(SIGKILL));
}

/* A stopped process goes on; its parent may be told. */
static void continue_locked(struct process *process)
{
	process->signals.pending &= ~default_stops;
	if (!process->stopped)
		return;
	process->stopped = false;
	process->report = REPORT_CONTINUED;
	wait_wake_all(&process->resumed);
	if (process->parent)
		exit_tell_parent_locked(process, CLD_CONTINUED, SIGCONT);
}

void signal_send_locked(struct process *process, int signal, const struct signal_info *info)
{
	static const struct signal_info from_kernel = {.code = SI_KERNEL};
	struct signal_state *signals = &process->signals;

	if (process->zombie || !process->thread)
		return;
	if (signal == SIGCONT)
		continue_locked(process);
	if (default_stops & signal_bit(signal))
		signals->pending &= ~signal_bit(SIGCONT);
	if (is_ignored(process, signal) && !(signals->blocked & signal_bit(signal)))
		return;
	if (!(signals->pending & signal_bit(signal)))
		signals->info[signal - 1] = info ? *info : from_kernel;
	signals->pending |= signal_bit(signal);
	if (signal == SIGKILL) {
		process->thread->killed = true;
		wait_wake_all(&process->resumed);
	}
	if (deliverable(process))
		thread_interrupt(process->thread);
}

void signal_send(struct process *process, int signal, const struct signal_info *info)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	signal_send_locked(process, signal, info);
	spin_unlock_irq(&process_lock, flags);
}

bool signal_send_group(pid_t group, int signal, const struct signal_info *info)
{
	bool found = false;
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (p->group != group)
			continue;
		signal_send_locked(p, signal, info);
		found = true;
	}
	spin_unlock_irq(&process_lock, flags);
	return found;
}

void signal_force(int signal, const struct signal_info *info)
{
	struct process *process = process_current();
	uint32_t flags = spin_lock_irq(&process_lock);
	struct signal_action *action = action_of(process, signal);
	bool blocked = process->signals.blocked & signal_bit(signal);
	if (blocked || action->handler == HANDLER_IGNORE)
		action->handler = HANDLER_DEFAULT;
	process->signals.blocked &= ~signal_bit(signal);
	process->signals.pending &= ~signal_bit(signal);
	signal_send_locked(process, signal, info);
	spin_unlock_irq(&process_lock, flags);
}

void signal_forget_ignored_locked(struct process *process, int signal)
{
	if (is_ignored(process, signal))
		process->signals.pending &= ~signal_bit(signal);
}

void signal_info_fill(siginfo_t *to, int signal, const struct signal_info *info)
{
	memset(to, 0, sizeof *to);
	to->si_signo = signal;
	to->si_code = info->code;
	memcpy(&to->_sifields, info->value, sizeof info->value);
}

void signal_set_blocked(signal_set blocked)
{
	struct process *process = process_current();
	uint32_t flags = spin_lock_irq(&process_lock);
	process->signals.blocked = blocked & ~SIGNALS_UNBLOCKABLE;
	if (deliverable(process))
		thread_interrupt(process->thread);
	spin_unlock_irq(&process_lock, flags);
}

void signals_reset_for_exec(struct process *process)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	signal_set ignored = 0;
	for (int signal = 1; signal <= SIGNALS; signal++)
		if (action_of(process, signal)->handler == HANDLER_IGNORE)
			ignored |= signal_bit(signal);
	memset(process->signals.actions, 0, sizeof process->signals.actions);
	for (; ignored; ignored &= ignored - 1)
		process->signals.actions[__builtin_ctzll(ignored)].handler = HANDLER_IGNORE;
	process->signals.alternate_size = 0;
	spin_unlock_irq(&process_lock, flags);
}

void signals_copy_for_fork(struct process *child, const struct process *parent)
{
	const struct signal_state *from = &parent->signals;
	struct signal_state *to = &child->signals;
	memcpy(to->actions, from->actions, sizeof to->actions);
	to->blocked = from->blocked;
	to->alternate = from->alternate;
	to->alternate_size = from->alternate_size;
}

/* Sleeps as a stopped process until SIGCONT or SIGKILL. */
static void stop(struct process *process, int signal)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	bool orphaned = signal != SIGSTOP && process_group_orphaned_locked(process->group);
	/* What was sent since it was taken from the pending ones counts: SIGCONT revokes it. */
	bool revoked = process->signals.pending & (signal_bit(SIGCONT) | signal_bit(SIGKILL));
	if (!orphaned && !revoked) {
		process->stopped = true;
		process->report = REPORT_STOPPED;
		process->status = signal << 8 | 0x7f;
		if (process->parent)
			exit_tell_parent_locked(process, CLD_STOPPED, signal);
	}
	spin_unlock_irq(&process_lock, flags);
	WAIT_UNTIL(&process->resumed, !*(volatile bool *)&process->stopped || signal_killed());
	flags = spin_lock_irq(&process_lock);
	process->stopped = false;
	spin_unlock_irq(&process_lock, flags);
}

/* Exceptions: what the program did itself, and cannot go on without an answer. */
static const signal_set urgent =
	1ull << (SIGKILL - 1) | 1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) |
	1ull << (SIGFPE - 1) | 1ull << (SIGILL - 1) | 1ull << (SIGTRAP - 1);

/* Takes the next pending signal that is not blocked, exceptions first; 0: none. */
static int take_signal(struct process *process, struct signal_info *info,
                       struct signal_action *action)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	signal_set ready = deliverable(process);
	int signal = 0;
	if (ready) {
		signal = __builtin_ctzll(ready & urgent ? ready & urgent : ready) + 1;
		process->signals.pending &= ~signal_bit(signal);
		*info = process->signals.info[signal - 1];
		*action = *action_of(process, signal);
		if (action->flags & SA_RESETHAND && action->handler > HANDLER_IGNORE)
			action_of(process, signal)->handler = HANDLER_DEFAULT;
	}
	spin_unlock_irq(&process_lock, flags);
	return signal;
}

/* Whether the call that the registers come from was interrupted, and how. */
static int interrupted_call(const struct process *process, const struct trap_frame *frame)
{
	if (process->call < 0 || frame->vector != TRAP_SYSCALL)
		return 0;
	uint32_t code = -frame->eax;
	return code == ERESTARTSYS || code == ERESTARTNOHAND || code == ERESTART_RESTARTBLOCK
	               ? (int)code : 0;
}

#define INT_0X80_LENGTH 2 /* bytes of the instruction that made the call */

/* The call runs again when the program goes on. */
static void restart_call(const struct process *process, struct trap_frame *frame, int code)
{
	frame->eax = code == ERESTART_RESTARTBLOCK ? __NR_restart_syscall
	                                           : (uint32_t)process->call;
	frame->eip -= INT_0X80_LENGTH;
}

/* Starts the handler. What it interrupted is a call, perhaps. */
static void handle(struct process *process, struct trap_frame *frame, int signal,
                   const struct signal_action *action, const struct signal_info *info)
{
	struct signal_state *signals = &process->signals;
	int code = interrupted_call(process, frame);
	if (code == ERESTARTSYS && action->flags & SA_RESTART)
		restart_call(process, frame, code);
	else if (code)
		frame->eax = (uint32_t)-EINTR;
	process->restart_call = process->call = -1;

	signal_set restore = signals->restore_saved ? signals->saved : signals->blocked;
	signals->restore_saved = false;
	if (signal_frame_push(process, frame, signal, action, info, restore)) {
		process->exception = (struct exception){.vector = TRAP_STACK, .eip = frame->eip};
		if (signal == SIGSEGV)
			action_of(process, SIGSEGV)->handler = HANDLER_DEFAULT;
		signal_force(SIGSEGV, NULL);
		return;
	}
	signal_set blocked = signals->blocked | action->mask;
	if (!(action->flags & SA_NODEFER))
		blocked |= signal_bit(signal);
	signal_set_blocked(blocked);
}

static void act(struct process *process, struct trap_frame *frame, int signal,
                const struct signal_action *action, const struct signal_info *info)
{
	if (action->handler > HANDLER_IGNORE) {
		handle(process, frame, signal, action, info);
		return;
	}
	if (action->handler == HANDLER_IGNORE || default_ignored & signal_bit(signal))
		return;
	/* Nobody could take process 1's place: what it does itself is fatal, else nothing. */
	if (process->id == 1 && !(info->code > 0 && urgent & signal_bit(signal)))
		return;
	if (default_stops & signal_bit(signal)) {
		stop(process, signal);
		return;
	}
	report_death(process, signal, info, frame);
	process_exit(signal);
}

void signal_deliver(struct trap_frame *frame)
{
	struct process *process = process_current();
	struct signal_info info;
	struct signal_action action;
	int signal;

	if (!process)
		return;
	/* Cleared before the look at what is pending: a signal that comes later sets it. */
	while (thread_clear_interrupt(),
	       deliverable(process) && (signal = take_signal(process, &info, &action)))
		act(process, frame, signal, &action, &info);

	int code = interrupted_call(process, frame);
	if (code)
		restart_call(process, frame, code);
	if (process->signals.restore_saved) {
		process->signals.restore_saved = false;
		signal_set_blocked(process->signals.saved);
	}
	process->call = -1;
}
