/* SPDX-License-Identifier: MIT */
/* The stops of a tracee, and who holds whom (ptrace.h). */
#include "userprog/ptrace.h"

#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/signal.h>

#include "kernel/cpu/trap.h"
#include "kernel/sched/thread.h"
#include "userprog/exit.h"
#include "userprog/process.h"
#include "userprog/syscall.h"

/* ---- stopping ---- */

static void begin_stop_locked(struct task *self, struct ptrace_stop *stop)
{
	self->tracing.stop = stop;
	exit_tell_locked(self, self->tracing.tracer, stop->of_group ? CLD_STOPPED : CLD_TRAPPED,
	                 stop->code & 0x7f);
}

static bool over(const struct task *self, const struct ptrace_stop *stop)
{
	return *(const volatile bool *)&stop->over || self->thread->killed;
}

/* Sleeps in the stop until the tracer, or SIGKILL, ends it. */
static void sleep_in(struct task *self, struct ptrace_stop *stop)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	bool stops = self->tracing.tracer && !self->thread->killed;
	if (stops)
		begin_stop_locked(self, stop);
	spin_unlock_irq(&process_lock, flags);
	if (!stops)
		return;
	WAIT_UNTIL(&self->process->resumed, over(self, stop));
	flags = spin_lock_irq(&process_lock);
	self->tracing.stop = NULL;
	spin_unlock_irq(&process_lock, flags);
}

static struct signal_info info_of_trap(const struct task *self, int code)
{
	return (struct signal_info){
		.code = code, .value = {(uint32_t)self->id, self->process->credentials.uid}};
}

/* A stop with SIGTRAP for a reason of the tracer's own. */
static int trap(struct task *self, int code, uint8_t call)
{
	struct ptrace_stop stop = {.code = code, .signal = SIGTRAP, .call = call};
	stop.info = info_of_trap(self, code);
	sleep_in(self, &stop);
	return stop.answer;
}

static void send_to_itself(struct task *self, int signal, const struct signal_info *info)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	(void)signal_send_task_locked(self, signal, info);
	spin_unlock_irq(&process_lock, flags);
}

/* The signal that the tracer gives where none was about to be delivered. */
static void send_answer(struct task *self, int signal)
{
	if (signal)
		send_to_itself(self, signal, NULL);
}

/* What the tracer says of it, if it gave another signal than the one it saw. */
static struct signal_info info_of_tracer(struct task *self)
{
	struct signal_info info = {.code = SI_USER};
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct process *tracer = self->tracing.tracer;
	if (tracer) {
		info.value[0] = (uint32_t)tracer->id;
		info.value[1] = tracer->credentials.uid;
	}
	spin_unlock_irq(&process_lock, flags);
	return info;
}

int ptrace_deliver(struct task *self, int signal, struct signal_info *info)
{
	struct ptrace_stop stop = {.code = signal, .signal = signal, .info = *info,
	                           .answer = signal};
	if (!self->tracing.tracer || signal == SIGKILL)
		return signal;
	sleep_in(self, &stop);
	*info = stop.info;
	if (!stop.answer || self->thread->killed)
		return 0;
	if (stop.answer != stop.signal)
		*info = info_of_tracer(self);
	if (!(self->signals.blocked & signal_bit(stop.answer)))
		return stop.answer;
	send_to_itself(self, stop.answer, info);
	return 0;
}

void ptrace_group_stop(struct task *self, int signal)
{
	struct ptrace_stop stop = {.code = signal, .of_group = true};
	if (self->tracing.seized) {
		self->tracing.trap_due = false;
		stop.code |= PTRACE_EVENT_STOP << 8;
		stop.signal = signal;
		stop.info = info_of_trap(self, stop.code);
	}
	sleep_in(self, &stop);
}

void ptrace_trap_due(struct task *self)
{
	self->tracing.trap_due = false;
	trap(self, SIGTRAP | PTRACE_EVENT_STOP << 8, PTRACE_SYSCALL_INFO_NONE);
}

void ptrace_event(struct task *self, int event, uint32_t message)
{
	if (!self->tracing.tracer || !(self->tracing.options & 1u << event))
		return;
	self->tracing.message = message;
	trap(self, SIGTRAP | event << 8, PTRACE_SYSCALL_INFO_NONE);
}

void ptrace_executed(struct task *self)
{
	if (!self->tracing.tracer)
		return;
	if (self->tracing.options & PTRACE_O_TRACEEXEC)
		ptrace_event(self, PTRACE_EVENT_EXEC, (uint32_t)self->id);
	else if (!self->tracing.seized)
		signal_send_self(SIGTRAP);
}

/* ---- system calls, and single steps ---- */

static void call_stop(struct task *self, uint8_t call)
{
	bool good = self->tracing.options & PTRACE_O_TRACESYSGOOD;
	self->tracing.message = call;
	send_answer(self, trap(self, SIGTRAP | (good ? 0x80 : 0), call));
}

void ptrace_call_begins(struct task *self, struct trap_frame *frame)
{
	if (!self->tracing.calls)
		return;
	frame->eax = (uint32_t)-ENOSYS;
	call_stop(self, PTRACE_SYSCALL_INFO_ENTRY);
}

/* The processor's own trap would come one instruction late: int $0x80 took TF away. */
static void report_step(const struct trap_frame *frame)
{
	struct signal_info info = {.code = TRAP_BRKPT, .value = {frame->eip}};
	signal_force(SIGTRAP, &info);
}

void ptrace_call_ends(struct task *self, struct trap_frame *frame)
{
	if (self->tracing.tracer && self->tracing.calls)
		call_stop(self, PTRACE_SYSCALL_INFO_EXIT);
	else if (self->tracing.tracer && self->tracing.steps)
		report_step(frame);
}

void ptrace_set_step_locked(struct task *tracee, bool steps)
{
	struct trap_frame *frame = thread_user_frame(tracee->thread);
	if (steps && !(frame->eflags & EFLAGS_TF))
		tracee->tracing.steps = true;
	if (steps)
		frame->eflags |= EFLAGS_TF;
	else if (tracee->tracing.steps)
		frame->eflags &= ~EFLAGS_TF;
	if (!steps)
		tracee->tracing.steps = false;
}

void ptrace_handler_starts(struct task *self, struct trap_frame *frame)
{
	frame->eflags |= EFLAGS_TF;
	trap(self, SIGTRAP, PTRACE_SYSCALL_INFO_NONE);
}

/* ---- who holds whom ---- */

static uint32_t tracees; /* (p) how many there are */

void ptrace_hold_locked(struct task *tracee, struct process *tracer, bool seized,
                        uint32_t options)
{
	tracee->tracing = (struct tracing){
		.tracer = tracer, .seized = seized, .options = options,
		.privileged = has_capability(&tracer->credentials, CAP_SYS_PTRACE)};
	list_link_init(&tracee->tracing.link);
	list_append(&tracer->tracees, &tracee->tracing.link);
	if (!tracees++)
		syscall_watch_tracees(true);
}

void ptrace_resume_locked(struct task *tracee, int signal)
{
	struct ptrace_stop *stop = tracee->tracing.stop;
	if (!stop)
		return;
	stop->answer = signal;
	stop->over = true;
	tracee->tracing.stop = NULL;
	wait_wake_all(&tracee->process->resumed);
}

void ptrace_let_go_locked(struct task *tracee, int signal)
{
	if (!tracee->tracing.tracer)
		return;
	if (tracee->thread)
		ptrace_set_step_locked(tracee, false);
	ptrace_resume_locked(tracee, signal);
	list_remove(&tracee->tracing.link);
	tracee->tracing = (struct tracing){0};
	if (!--tracees)
		syscall_watch_tracees(false);
}

void ptrace_pass_on_locked(struct task *from, struct task *to)
{
	struct process *tracer = from->tracing.tracer;
	if (!tracer)
		return;
	list_remove(&from->tracing.link);
	to->tracing = from->tracing;
	list_link_init(&to->tracing.link);
	list_append(&tracer->tracees, &to->tracing.link);
	from->tracing = (struct tracing){0};
}

void ptrace_tracer_ends_locked(struct process *tracer, struct list *forgotten)
{
	LIST_FOR_SAFE (&tracer->tracees, struct task, tracee, tracing.link) {
		const struct ptrace_stop *stop = tracee->tracing.stop;
		if (tracee->tracing.options & PTRACE_O_EXITKILL)
			(void)signal_send_locked(tracee->process, SIGKILL, NULL);
		struct process *process = tracee->process;
		bool hidden = task_is_first(tracee) && process->zombie &&
		              process->parent != tracer;
		bool ended = tracee->ended;
		ptrace_let_go_locked(tracee, stop && !stop->call ? stop->signal : 0);
		if (ended)
			task_leave_locked(tracee);
		if (ended || (hidden && exit_announce_locked(process)))
			list_append(forgotten, &tracee->link);
	}
}

void ptrace_want_trap_locked(struct task *tracee)
{
	struct ptrace_stop *stop = tracee->tracing.stop;
	tracee->tracing.trap_due = true;
	if (stop && stop->listening)
		ptrace_resume_locked(tracee, 0);
	if (tracee->thread)
		thread_interrupt(tracee->thread);
}

bool ptrace_forbids_privileges(struct task *self)
{
	return self->tracing.tracer && !self->tracing.privileged;
}

/* ---- fork ---- */

int ptrace_fork_event(const struct task *parent, uint32_t flags, uint32_t exit_signal)
{
	if (!parent->tracing.tracer || flags & CLONE_UNTRACED)
		return 0;
	int event = flags & CLONE_VFORK                ? PTRACE_EVENT_VFORK
	            : exit_signal != SIGCHLD           ? PTRACE_EVENT_CLONE : PTRACE_EVENT_FORK;
	return parent->tracing.options & 1u << event ? event : 0;
}

void ptrace_follow_locked(struct task *child, struct task *parent, int event,
                          uint32_t flags)
{
	if (parent->tracing.steps)
		thread_user_frame(child->thread)->eflags &= ~EFLAGS_TF;
	if (!parent->tracing.tracer || !(event || flags & CLONE_PTRACE))
		return;
	ptrace_hold_locked(child, parent->tracing.tracer, parent->tracing.seized,
	                   parent->tracing.options);
	child->tracing.privileged = parent->tracing.privileged;
	if (child->tracing.seized)
		ptrace_want_trap_locked(child);
	else
		(void)signal_send_task_locked(child, SIGSTOP, NULL);
}
