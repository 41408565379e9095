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

#include <asm/errno.h>
#include <linux/signal.h>

#include "kernel/cpu/paging.h"
#include "kernel/cpu/trap.h"
#include "kernel/log.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "userprog/core.h"
#include "userprog/exit.h"
#include "userprog/process.h"
#include "userprog/ptrace.h"
#include "userprog/report.h"
#include "userprog/signal_frame.h"
#include "userprog/signal_queue.h"
#include "userprog/syscall.h"

/* uapi's SIG_DFL and SIG_IGN are function pointers. */
#define HANDLER_DEFAULT ((uintptr_t)SIG_DFL)
#define HANDLER_IGNORE ((uintptr_t)SIG_IGN)

#define ACTIONS_SIZE (SIGNALS * sizeof(struct signal_action))

static const signal_set default_ignored =
	1ull << (SIGCHLD - 1) | 1ull << (SIGURG - 1) | 1ull << (SIGWINCH - 1) |
	1ull << (SIGCONT - 1);
static const signal_set default_stops = 1ull << (SIGSTOP - 1) | 1ull << (SIGTSTP - 1) |
                                        1ull << (SIGTTIN - 1) | 1ull << (SIGTTOU - 1);

static struct signal_action *action_of(struct process *process, int signal)
{
	return &process->signals.actions->of[signal - 1];
}

static bool is_ignored(struct process *process, int signal)
{
	uintptr_t handler = action_of(process, signal)->handler;
	return handler == HANDLER_IGNORE ||
	       (handler == HANDLER_DEFAULT && (default_ignored & signal_bit(signal)));
}

signal_set signals_pending(const struct task *task)
{
	return task->signals.queue.set | task->process->signals.queue.set;
}

static signal_set deliverable(const struct task *task)
{
	return signals_pending(task) & ~task->signals.blocked;
}

bool signal_pending(void)
{
	const struct task *task = task_current();
	return task && (deliverable(task) || task->tracing.trap_due || task->stop_due || task->ends);
}

bool signal_killed(void)
{
	return thread_current()->killed;
}

/* ---- sending ---- */

/* A stopped process goes on, or one that was about to stop does not; its parent may be told. */
static void continue_locked(struct process *process)
{
	signal_queue_drop_locked(process, default_stops);
	LIST_FOR (&process->tasks, struct task, task, link) {
		if (task->tracing.seized)
			ptrace_want_trap_locked(task);
		task->stopped = task->stop_due = false;
		if (task->tracing.tracer) /* it may wait for the stop, to attach */
			wait_wake_all(&task->tracing.tracer->changed);
	}
	process->stop_signal = 0;
	process->stop_waits = 0;
	wait_wake_all(&process->resumed);
	if (!process->stopped)
		return;
	process->stopped = false;
	process->report = REPORT_CONTINUED;
	process_has_news_locked(process);
	if (process->parent)
		exit_tell_parent_locked(process, CLD_CONTINUED, SIGCONT);
}

/* Whether a sleep of the thread ends for the signal. */
static bool wants(const struct task *task, int signal)
{
	return signal_in(~task->signals.blocked | task->signals.awaited, signal);
}

/* Who acts on a signal to the process: its first thread rather than others; NULL: none of them will
 * for now. */
static struct task *receiver_locked(struct process *process, int signal)
{
	LIST_FOR (&process->tasks, struct task, task, link)
		if (wants(task, signal))
			return task;
	return NULL;
}

/* SIGKILL ends all threads, whatever they sleep in. */
static void kill_all_locked(struct process *process)
{
	LIST_FOR (&process->tasks, struct task, task, link) {
		task->thread->killed = true;
		thread_interrupt(task->thread);
	}
	wait_wake_all(&process->resumed);
}

/* Whoever can act on the signal, or reads it from a descriptor, learns that it is there. `to` NULL:
 * it was sent to the process. */
static void announce_locked(struct process *process, struct task *to, int signal)
{
	if (signal == SIGKILL)
		kill_all_locked(process);
	else if (!to)
		to = receiver_locked(process, signal);
	else if (!wants(to, signal))
		to = NULL;
	if (to)
		thread_interrupt(to->thread);
	if (wait_any(&process->signalled))
		wait_wake_all(&process->signalled);
}

/* Whether the signal has an effect beyond those that take place when it is sent. */
static bool prepare_locked(struct process *process, const struct task *to, int signal)
{
	if (process->zombie || !process->living || (to && !to->thread))
		return false;
	if (signal == SIGCONT)
		continue_locked(process);
	if (default_stops & signal_bit(signal))
		signal_queue_drop_locked(process, signal_bit(SIGCONT));
	if (!to)
		to = &process->first;
	/* A tracer sees ignored ones, too. */
	return signal_in(to->signals.blocked, signal) || !is_ignored(process, signal) ||
	       to->tracing.tracer;
}

static int send_locked(struct process *process, struct task *to, int signal,
                       const struct signal_info *info)
{
	static const struct signal_info from_kernel = {.code = SI_KERNEL};

	if (!prepare_locked(process, to, signal))
		return 0;
	int error = signal_queue_add_locked(process, to ? &to->signals.queue : &process->signals.queue,
	                                    signal, info ? info : &from_kernel);
	if (!error)
		announce_locked(process, to, signal);
	return error;
}

int signal_send_locked(struct process *process, int signal, const struct signal_info *info)
{
	return send_locked(process, NULL, signal, info);
}

int signal_send_task_locked(struct task *task, int signal, const struct signal_info *info)
{
	return send_locked(task->process, task, signal, info);
}

void signal_send_own_locked(struct process *process, struct task *to, struct queued_signal *own)
{
	if (!prepare_locked(process, to, own->signal))
		return;
	signal_queue_add_own_locked(to ? &to->signals.queue : &process->signals.queue, own);
	announce_locked(process, to, own->signal);
}

int signal_send(struct process *process, int signal, const struct signal_info *info)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	int error = signal_send_locked(process, signal, info);
	spin_unlock_irq(&process_lock, flags);
	return error;
}

void signal_send_self(int signal)
{
	struct task *self = task_current();
	struct signal_info info = {.code = SI_USER, .value = {(uint32_t)self->process->id,
	                                                      self->process->credentials.uid}};
	uint32_t flags = spin_lock_irq(&process_lock);
	(void)signal_send_task_locked(self, signal, &info);
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

void signal_send_foreground(pid_t session, pid_t group, int signal)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		if (p->group == group && p->session == session)
			signal_send_locked(p, signal, NULL);
	spin_unlock_irq(&process_lock, flags);
}

void signal_force(int signal, const struct signal_info *info)
{
	struct task *task = task_current();
	struct process *process = task->process;
	uint32_t flags = spin_lock_irq(&process_lock);
	struct signal_action *action = action_of(process, signal);
	bool blocked = task->signals.blocked & signal_bit(signal);
	if (blocked || action->handler == HANDLER_IGNORE)
		action->handler = HANDLER_DEFAULT;
	task->signals.blocked &= ~signal_bit(signal);
	signal_queue_clear_locked(process, &task->signals.queue, signal_bit(signal));
	signal_send_task_locked(task, signal, info);
	spin_unlock_irq(&process_lock, flags);
}

void signal_forget_ignored_locked(struct process *process, int signal)
{
	if (is_ignored(process, signal))
		signal_queue_drop_locked(process, signal_bit(signal));
}

void signal_retarget_locked(struct process *process, signal_set set)
{
	for (set &= process->signals.queue.set; set; set &= set - 1) {
		struct task *to = receiver_locked(process, signal_first(set));
		if (to)
			thread_interrupt(to->thread);
	}
}

void signal_info_fill(siginfo_t *to, int signal, const struct signal_info *info)
{
	memset(to, 0, sizeof *to);
	to->si_signo = signal;
	to->si_code = info->code;
	to->si_errno = info->error;
	memcpy(&to->_sifields, info->value, sizeof info->value);
}

void signal_info_take(struct signal_info *info, const siginfo_t *from)
{
	info->code = from->si_code;
	info->error = from->si_errno;
	memcpy(info->value, &from->_sifields, sizeof info->value);
}

static bool within(const struct signal_stack *stack, uintptr_t esp)
{
	return esp > stack->start && esp - stack->start <= stack->size;
}

bool signal_on_stack(const struct task_signals *signals, uintptr_t esp)
{
	return !signals->stack.auto_disarm && within(&signals->stack, esp);
}

void signal_stack_tell(const struct task_signals *signals, uintptr_t esp, stack_t *to)
{
	const struct signal_stack *stack = &signals->stack;
	*to = (stack_t){.ss_sp = (void *)stack->start, .ss_size = stack->size};
	to->ss_flags = !stack->size                   ? SS_DISABLE
	               : signal_on_stack(signals, esp) ? SS_ONSTACK : 0;
	if (stack->auto_disarm)
		to->ss_flags |= (int)SS_AUTODISARM;
}

int signal_stack_set(const stack_t *from, uintptr_t esp)
{
	struct task_signals *signals = &task_current()->signals;
	uint32_t mode = (uint32_t)from->ss_flags & ~SS_AUTODISARM;
	if (signal_on_stack(signals, esp))
		return -EPERM;
	if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
		return -EINVAL;
	if (mode != SS_DISABLE && from->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	signals->stack = (struct signal_stack){
		.auto_disarm = (uint32_t)from->ss_flags & SS_AUTODISARM};
	if (mode != SS_DISABLE) {
		signals->stack.start = (uintptr_t)from->ss_sp;
		signals->stack.size = from->ss_size;
	}
	return 0;
}

/* Sets what the current thread, whose task it is, blocks. process_lock held. */
static void set_blocked_locked(struct task *task, signal_set blocked)
{
	blocked &= ~SIGNALS_UNBLOCKABLE;
	signal_set newly = blocked & ~task->signals.blocked;
	task->signals.blocked = blocked;
	if (!signals_pending(task))
		return;
	if (deliverable(task))
		thread_interrupt(task->thread);
	/* What was about to be this one's is another's to act on. */
	if (newly & task->process->signals.queue.set)
		signal_retarget_locked(task->process, newly);
}

void signal_set_blocked(signal_set blocked)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	set_blocked_locked(task_current(), blocked);
	spin_unlock_irq(&process_lock, flags);
}

/* More than half of what a process is in memory; together they would take a frame each. */
static struct slab_cache actions_cache = SLAB_CACHE("signal-actions",
                                                    sizeof(struct signal_actions));

int signals_create(struct process *process, const struct process *parent)
{
	struct signal_actions *actions = slab_alloc(&actions_cache);
	if (!actions)
		return -ENOMEM;
	actions->references = 1;
	process->signals.actions = actions;
	if (!parent) {
		memset(actions->of, 0, ACTIONS_SIZE);
		return 0;
	}
	uint32_t flags = spin_lock_irq(&process_lock);
	memcpy(actions->of, parent->signals.actions->of, ACTIONS_SIZE);
	spin_unlock_irq(&process_lock, flags);
	return 0;
}

void signals_share(struct process *process, const struct process *parent)
{
	process->signals.actions = parent->signals.actions;
	__atomic_fetch_add(&process->signals.actions->references, 1, __ATOMIC_RELAXED);
}

static void actions_put(struct signal_actions *actions)
{
	if (actions && __atomic_sub_fetch(&actions->references, 1, __ATOMIC_ACQ_REL) == 0)
		slab_free(&actions_cache, actions);
}

int signals_unshare(struct process *process)
{
	struct signal_actions *old = process->signals.actions;
	if (__atomic_load_n(&old->references, __ATOMIC_RELAXED) == 1)
		return 0;
	struct signal_actions *actions = slab_alloc(&actions_cache);
	if (!actions)
		return -ENOMEM;
	actions->references = 1;
	uint32_t flags = spin_lock_irq(&process_lock);
	memcpy(actions->of, old->of, ACTIONS_SIZE);
	process->signals.actions = actions;
	spin_unlock_irq(&process_lock, flags);
	actions_put(old);
	return 0;
}

void signals_destroy(struct process *process)
{
	actions_put(process->signals.actions);
}

void signals_clear_handlers(struct process *process)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	signal_set ignored = 0;
	for (int signal = 1; signal <= SIGNALS; signal++)
		if (action_of(process, signal)->handler == HANDLER_IGNORE)
			ignored |= signal_bit(signal);
	memset(process->signals.actions->of, 0, ACTIONS_SIZE);
	for (; ignored; ignored &= ignored - 1)
		process->signals.actions->of[signal_first(ignored) - 1].handler = HANDLER_IGNORE;
	spin_unlock_irq(&process_lock, flags);
}

void signals_reset_for_exec(struct process *process)
{
	signals_clear_handlers(process);
	process->first.signals.stack.size = process->first.signals.stack.start = 0;
}

/* ---- stopping ---- */

/* All threads have stopped: the parent is told; a tracer is told otherwise, of each. */
static void all_stopped_locked(struct process *process)
{
	process->stopped = true;
	process->report = REPORT_STOPPED;
	process_has_news_locked(process);
	process->status = process->stop_signal << 8 | 0x7f;
	if (process->parent && process->parent != process->first.tracing.tracer)
		exit_tell_parent_locked(process, CLD_STOPPED, process->stop_signal);
}

void signal_stop_done_locked(struct task *task)
{
	struct process *process = task->process;
	if (!task->stop_due)
		return;
	task->stop_due = false;
	if (--process->stop_waits == 0 && process->living)
		all_stopped_locked(process);
}

/* Every thread that has not stopped yet shall do so. */
static void ask_to_stop_locked(struct process *process)
{
	LIST_FOR (&process->tasks, struct task, task, link) {
		if (task->stopped || task->stop_due)
			continue;
		task->stop_due = true;
		process->stop_waits++;
		thread_interrupt(task->thread);
	}
}

void signal_join_stop_locked(struct task *task)
{
	struct process *process = task->process;
	if (!process->stop_signal || !process->stop_waits)
		return;
	task->stop_due = true;
	process->stop_waits++;
	thread_interrupt(task->thread);
}

/* Begins the stop of all threads, if nothing revokes it. */
static void begin_stop(struct process *process, int signal)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	bool orphaned = signal != SIGSTOP && process_group_orphaned_locked(process->group);
	/* What was sent since it was taken from the pending ones counts: SIGCONT revokes it. */
	bool revoked = signals_pending(task_current()) & (signal_bit(SIGCONT) | signal_bit(SIGKILL));
	if (!orphaned && !revoked && !process->ending && !process->executing) {
		process->stop_signal = signal;
		ask_to_stop_locked(process);
	}
	spin_unlock_irq(&process_lock, flags);
}

void signal_leave_stop_locked(struct task *task)
{
	struct process *process = task->process;
	bool any = false;
	task->stopped = false;
	LIST_FOR (&process->tasks, struct task, other, link)
		any |= other->stopped || other->stop_due;
	if (any)
		return;
	process->stopped = false;
	process->stop_signal = 0;
}

static bool stays_stopped(const struct task *task)
{
	return *(const volatile bool *)&task->stopped && !task->thread->killed;
}

static bool is_traced(const struct task *task)
{
	return __atomic_load_n(&task->tracing.tracer, __ATOMIC_RELAXED) != NULL;
}

/* The thread's part of a stop: sleeps until SIGCONT or SIGKILL. A tracer may come and go meanwhile. */
static void stop(struct task *task)
{
	struct process *process = task->process;
	uint32_t flags = spin_lock_irq(&process_lock);
	int signal = process->stop_signal;
	task->stopped = task->stop_due;
	signal_stop_done_locked(task);
	spin_unlock_irq(&process_lock, flags);
	while (stays_stopped(task)) {
		if (is_traced(task))
			ptrace_group_stop(task, signal);
		else
			WAIT_UNTIL(&process->resumed, !stays_stopped(task) || is_traced(task));
	}
	flags = spin_lock_irq(&process_lock);
	if (task->stopped)
		signal_leave_stop_locked(task);
	spin_unlock_irq(&process_lock, flags);
}

/* ---- acting ---- */

/* A signal to act on. */
struct taken {
	int signal;
	struct signal_info info;
	struct signal_action action;
	signal_set blocked; /* when it was taken */
};

/* Blocks what its handler, if it has one, is not to be interrupted by. process_lock held. */
static void block_for_handler_locked(struct task *task, const struct taken *taken)
{
	const struct signal_action *action = &taken->action;
	if (action->handler <= HANDLER_IGNORE)
		return;
	signal_set own = action->flags & SA_NODEFER ? 0 : signal_bit(taken->signal);
	set_blocked_locked(task, taken->blocked | action->mask | own);
}

/* Takes the next pending signal that is not blocked; false: none, or a tracer took it. */
static bool take_signal(struct task *task, struct taken *taken)
{
	struct process *process = task->process;
	uint32_t flags = spin_lock_irq(&process_lock);
	int signal = signal_queue_take_locked(task, ~task->signals.blocked, &taken->info);
	if (__builtin_expect(task->tracing.tracer && signal, false)) {
		spin_unlock_irq(&process_lock, flags);
		signal = ptrace_deliver(task, signal, &taken->info);
		flags = spin_lock_irq(&process_lock);
	}
	if (signal) {
		struct signal_action *action = action_of(process, signal);
		taken->signal = signal;
		taken->action = *action;
		taken->blocked = task->signals.blocked;
		if (action->flags & SA_RESETHAND && action->handler > HANDLER_IGNORE)
			action->handler = HANDLER_DEFAULT;
		block_for_handler_locked(task, taken);
	}
	spin_unlock_irq(&process_lock, flags);
	return signal != 0;
}

/* Whether the call that the registers come from was interrupted, and how. */
static int interrupted_call(const struct task *task, const struct trap_frame *frame)
{
	if (task->call < 0 || frame->vector != TRAP_SYSCALL)
		return 0;
	uint32_t code = -frame->eax;
	return code == ERESTARTSYS || code == ERESTARTNOINTR || code == ERESTARTNOHAND ||
	                       code == ERESTART_RESTARTBLOCK
	               ? (int)code : 0;
}

#define INT_0X80_LENGTH 2 /* bytes of the instruction that made the call */

/* The call runs again when the program goes on. */
static void restart_call(const struct task *task, struct trap_frame *frame, int code)
{
	frame->eax = code == ERESTART_RESTARTBLOCK ? __NR_restart_syscall
	                                           : (uint32_t)task->call;
	frame->eip -= INT_0X80_LENGTH;
}

/* Starts the handler. What it interrupted is a call, perhaps. */
static void handle(struct task *task, struct trap_frame *frame, const struct taken *taken)
{
	struct task_signals *signals = &task->signals;
	const struct signal_action *action = &taken->action;
	int code = interrupted_call(task, frame);
	if (code == ERESTARTNOINTR || (code == ERESTARTSYS && action->flags & SA_RESTART))
		restart_call(task, frame, code);
	else if (code)
		frame->eax = (uint32_t)-EINTR;
	task->restart_call = task->call = -1;

	signal_set restore = signals->restore_saved ? signals->saved : taken->blocked;
	signals->restore_saved = false;
	bool steps = task->tracing.steps;
	if (steps)
		frame->eflags &= ~EFLAGS_TF; /* the tracer's, no part of what it interrupts */
	if (signal_frame_push(task, frame, taken->signal, action, &taken->info, restore)) {
		task->exception = (struct exception){.vector = TRAP_STACK, .eip = frame->eip};
		signal_set_blocked(taken->blocked);
		if (taken->signal == SIGSEGV)
			action_of(task->process, SIGSEGV)->handler = HANDLER_DEFAULT;
		signal_force(SIGSEGV, NULL);
		return;
	}
	if (steps)
		ptrace_handler_starts(task, frame);
}

static void act(struct task *task, struct trap_frame *frame, const struct taken *taken)
{
	struct process *process = task->process;
	const struct signal_info *info = &taken->info;
	int signal = taken->signal;
	if (taken->action.handler > HANDLER_IGNORE) {
		handle(task, frame, taken);
		return;
	}
	if (taken->action.handler == HANDLER_IGNORE || default_ignored & signal_bit(signal))
		return;
	/* Nobody could take process 1's place: what it does itself is fatal, else nothing. */
	if (process->id == 1 && !(info->code > 0 && SIGNALS_URGENT & signal_bit(signal)))
		return;
	if (default_stops & signal_bit(signal)) {
		begin_stop(process, signal);
		return; /* signal_deliver has this thread take its part */
	}
	bool dumps = core_dumps(signal);
	if (dumps)
		exit_begin_core(signal);
	else
		exit_begin(signal);
	report_death(process, signal, info, frame);
	bool dumped = dumps && core_dump(signal, info->code);
	int status = dumped ? signal | CORE_DUMPED : signal;
	if (dumps)
		exit_let_others_go(status);
	process_exit(status);
}

/* The next thing to do before the thread goes on; false: there is nothing. */
static bool deliver_one(struct task *task, struct trap_frame *frame)
{
	struct taken taken;

	if (__builtin_expect(task->ends, false))
		task_exit(0);
	if (__builtin_expect(task->stop_due, false))
		stop(task);
	else if (__builtin_expect(task->tracing.trap_due, false))
		ptrace_trap_due(task);
	else if (!deliverable(task))
		return false;
	else if (take_signal(task, &taken))
		act(task, frame, &taken);
	return true;
}

void signal_deliver(struct trap_frame *frame)
{
	struct task *task = task_current();

	if (!task)
		return;
	/* Cleared before the look at what is pending: a signal that comes later sets it. */
	do
		thread_clear_interrupt();
	while (deliver_one(task, frame));

	int code = interrupted_call(task, frame);
	if (code)
		restart_call(task, frame, code);
	if (task->signals.restore_saved) {
		task->signals.restore_saved = false;
		signal_set_blocked(task->signals.saved);
	}
	task->call = -1;
}
