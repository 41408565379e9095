/* SPDX-License-Identifier: MIT */
/* The end of a process (exit.h): it gives everything back but its name and its status, which
 * wait(2) in wait.c collects. */
#include "userprog/exit.h"

#include <asm/errno.h>
#include <linux/ptrace.h>
#include <linux/signal.h>

#include "kernel/cpu/debug_registers.h"
#include "kernel/dev/power.h"
#include "kernel/dev/tty.h"
#include "kernel/fs/vfs.h"
#include "kernel/log.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "userprog/descriptor.h"
#include "userprog/futex.h"
#include "userprog/futex_pi.h"
#include "userprog/ipc.h"
#include "userprog/ldt.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "userprog/ptrace.h"
#include "userprog/signal_queue.h"
#include "userprog/task.h"
#include "userprog/timers.h"
#include "userprog/user.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

int exit_code_of(int status)
{
	if (!(status & 0x7f))
		return CLD_EXITED;
	return status & CORE_DUMPED ? CLD_DUMPED : CLD_KILLED;
}

void exit_tell_locked(struct task *task, struct process *parent, int cld_code, int status)
{
	struct process *process = task->process;
	const struct signal_action *action = &parent->signals.actions->of[SIGCHLD - 1];
	bool ended = cld_code == CLD_EXITED || cld_code == CLD_KILLED || cld_code == CLD_DUMPED;
	int signal = ended && task_is_first(task) ? process->exit_signal : SIGCHLD;
	struct usage usage = process_usage_locked(process);
	struct signal_info info = {
		.code = cld_code,
		.value = {(uint32_t)task->id, process->credentials.uid, (uint32_t)status,
		          usage_ticks(usage.user_ns), usage_ticks(usage.system_ns)},
	};

	if (signal && (ended || !(action->flags & SA_NOCLDSTOP)))
		signal_send_locked(parent, signal, &info);
	wait_wake_all(&parent->changed);
}

void exit_tell_parent_locked(struct process *process, int cld_code, int status)
{
	exit_tell_locked(&process->first, process->parent, cld_code, status);
}

void exit_return_space_locked(struct process *process)
{
	if (!process->borrows_space)
		return;
	process->borrows_space = false;
	wait_wake_all(&process->changed);
}

/* The leader of the terminal's session ends: who still uses the terminal hears SIGHUP. */
static void release_terminal(const struct process *process)
{
	if (process->session != process->id)
		return;
	pid_t foreground = tty_end_session(process->id);
	if (foreground > 0) {
		signal_send_foreground(process->id, foreground, SIGHUP);
		signal_send_foreground(process->id, foreground, SIGCONT);
	}
}

/* clone(2), CLONE_CHILD_CLEARTID: whoever shares the memory may wait for this word. */
static void clear_child_tid(struct task *task)
{
	int zero = 0;
	if (!task->clear_child_tid)
		return;
	if (copy_to_user((void *)task->clear_child_tid, &zero, sizeof zero) == 0)
		futex_wake(task->clear_child_tid, 1);
	task->clear_child_tid = 0;
}

/* Memory, descriptors and places; each is taken out of readers' sight first. The process's last
 * thread does this, when it has left the space. */
static void give_back(struct process *process)
{
	struct spt *spt = process->spt;
	struct descriptor_table *files = process->files;
	struct places *places = process->places;

	process_note_resident(process);
	uint32_t flags = spin_lock_irq(&process_lock);
	process->spt = NULL;
	process->files = NULL;
	spin_unlock_irq(&process_lock, flags);
	timers_end(process);
	sem_process_ends(process);
	reservation_end(process);

	spt_put(spt);
	flags = spin_lock_irq(&process_lock);
	process->oom_killed = 0;
	exit_return_space_locked(process);
	process->places = NULL;
	spin_unlock_irq(&process_lock, flags);
	descriptors_leave(files);
	places_put(places);
	process_set_executable(process, NULL);
}

/* A group that nobody can continue any more, with a member that is stopped, is told. */
static void free_orphaned_group_locked(pid_t group)
{
	bool any_stopped = false;
	struct process *p;

	for (p = process_first_locked(); p; p = process_next_locked(p))
		any_stopped |= p->group == group && p->stopped;
	if (!any_stopped || !process_group_orphaned_locked(group))
		return;
	for (p = process_first_locked(); p; p = process_next_locked(p)) {
		if (p->group != group)
			continue;
		signal_send_locked(p, SIGHUP, NULL);
		signal_send_locked(p, SIGCONT, NULL);
	}
}

/* Whether its group is linked to the session by this process's parent. */
static bool links_group_locked(const struct process *process)
{
	const struct process *parent = process->parent;
	return parent && parent->group != process->group && parent->session == process->session;
}

/* The groups that lose a link, perhaps the last, as this process goes: its own, and its
 * children's. One that was without before hears nothing. */
static void check_groups_locked(struct process *process)
{
	if (links_group_locked(process))
		free_orphaned_group_locked(process->group);
	LIST_FOR (&process->children, struct process, child, sibling)
		if (links_group_locked(child))
			free_orphaned_group_locked(child->group);
}

/* Whether the parent has said that it will not wait (sigaction(2), SA_NOCLDWAIT). */
static bool parent_does_not_wait_locked(const struct process *process)
{
	const struct signal_action *action = &process->parent->signals.actions->of[SIGCHLD - 1];
	return process->exit_signal == SIGCHLD &&
	       (action->handler == (uintptr_t)SIG_IGN || action->flags & SA_NOCLDWAIT);
}

bool exit_announce_locked(struct process *process)
{
	int status = process->status;
	struct process *tracer = process->first.tracing.tracer;
	if (!tracer && parent_does_not_wait_locked(process)) {
		wait_wake_all(&process->parent->changed);
		process_leave_locked(process);
		return true;
	}
	exit_tell_locked(&process->first, tracer ? tracer : process->parent, exit_code_of(status),
	                 status & 0x7f ? status & 0x7f : status >> 8 & 0xff);
	return false;
}

/* What a thread leaves of itself: for a tracer how it ended, and of the first one of a process what
 * lies in that. True: nothing, and the caller has its reference. process_lock held. */
static bool end_task_locked(struct process *process, struct task *task, int status)
{
	struct process *tracer = task->tracing.tracer;
	struct usage own = task_usage_locked(task);
	usage_add(&process->usage, &own);
	list_remove(&task->link);
	task->thread->process = NULL;
	task->thread->task = NULL;
	task->thread = NULL;
	signal_queue_clear_locked(process, &task->signals.queue, ~0ull);
	if (task_is_first(task))
		return false;
	user_thread_ends_locked(process);
	task->status = status;
	if (!tracer) {
		task_leave_locked(task);
		return true;
	}
	task->ended = true;
	exit_tell_locked(task, tracer, exit_code_of(status),
	                 status & 0x7f ? status & 0x7f : status >> 8 & 0xff);
	return false;
}

static void become_zombie(struct process *process, struct task *task, int status)
{
	struct list forgotten = LIST_INIT(forgotten);
	uint32_t flags = spin_lock_irq(&process_lock);
	bool put = end_task_locked(process, task, status);
	signal_queue_drop_locked(process, ~0ull);
	process->status = status;
	process->report = 0;
	process->stopped = false;
	process->zombie = true;
	process_has_news_locked(process);
	if (wait_any(&process->changed))
		wait_wake_all(&process->changed);
	check_groups_locked(process);
	ptrace_tracer_ends_locked(process, &forgotten);
	process_orphan_children_locked(process);
	if (exit_announce_locked(process))
		list_append(&forgotten, &process->first.link);
	spin_unlock_irq(&process_lock, flags);
	if (put)
		task_put(task);
	for (struct list_link *link; (link = list_pop(&forgotten));)
		task_put(LIST_ENTRY(link, struct task, link));
}

/* Sends SIGKILL to all but this one; how many still run. */
static uint32_t kill_others(const struct process *self)
{
	uint32_t running = 0;
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (p == self || p->zombie)
			continue;
		signal_send_locked(p, SIGKILL, NULL);
		running++;
	}
	spin_unlock_irq(&process_lock, flags);
	return running;
}

#define GRACE NS_PER_SECOND
#define GRACE_LOOK (NS_PER_SECOND / TICKS_PER_SECOND)

/* Without process 1 there is nobody to go on for. */
static _Noreturn void init_ended(const struct process *init, int status)
{
	uint64_t deadline = clock_now() + GRACE;
	while (kill_others(init) && clock_now() < deadline)
		thread_sleep_until(clock_now() + GRACE_LOOK);
	if (status & 0x7f)
		log_print("init was killed by signal %d", status & 0x7f);
	else
		log_print("init exited with status %d", status >> 8 & 0xff);
	vfs_shutdown();
	power_off(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
}

/* ---- one thread ---- */

/* All other threads end, at the latest on their way out of the kernel. */
static void end_others_locked(struct process *process)
{
	LIST_FOR (&process->tasks, struct task, task, link) {
		if (task == task_current())
			continue;
		task->ends = true;
		task->thread->killed = true;
		thread_interrupt(task->thread);
	}
	wait_wake_all(&process->resumed);
}

static void begin(int status, bool dumps)
{
	struct process *process = process_current();
	uint32_t flags = spin_lock_irq(&process_lock);
	bool by_other = task_current()->ends;
	if (!by_other) {
		process->ending = true;
		process->dumping = dumps;
		process->exit_status = status;
		end_others_locked(process);
	}
	spin_unlock_irq(&process_lock, flags);
	if (by_other)
		task_exit(0);
}

void exit_begin(int status)
{
	begin(status, false);
}

void exit_begin_core(int status)
{
	begin(status, true);
}

static bool is_alone(const struct process *process)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	bool alone = process->living == process->staying + 1u;
	spin_unlock_irq(&process_lock, flags);
	return alone;
}

void exit_await_others(void)
{
	struct process *process = process_current();
	WAIT_UNTIL(&process->changed, is_alone(process));
}

void exit_let_others_go(int status)
{
	struct process *process = process_current();
	uint32_t flags = spin_lock_irq(&process_lock);
	process->exit_status = status;
	process->dumping = false;
	spin_unlock_irq(&process_lock, flags);
	wait_wake_all(&process->changed);
}

static bool core_is_written(const struct process *process)
{
	return !*(const volatile bool *)&process->dumping;
}

/* Another thread writes the core, perhaps: this one's registers shall be in it. */
static void stay_for_core(struct process *process, const struct task *task)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	bool stays = process->dumping && task->ends;
	if (stays)
		process->staying++;
	spin_unlock_irq(&process_lock, flags);
	if (!stays)
		return;
	wait_wake_all(&process->changed);
	WAIT_UNTIL(&process->changed, core_is_written(process));
	flags = spin_lock_irq(&process_lock);
	process->staying--;
	spin_unlock_irq(&process_lock, flags);
}

/* The current thread takes the place of the process's first one, which has ended. */
static void become_first(struct process *process, struct task *task)
{
	struct task *first = &process->first;
	uint32_t flags = spin_lock_irq(&process_lock);
	list_remove(&task->link);
	task_leave_locked(task);
	user_thread_ends_locked(process);
	first->signals.blocked = task->signals.blocked;
	first->signals.queue.set = task->signals.queue.set;
	for (struct list_link *link; (link = list_pop(&task->signals.queue.entries));)
		list_append(&first->signals.queue.entries, link);
	ptrace_let_go_locked(first, 0);
	ptrace_pass_on_locked(task, first);
	first->call = task->call;
	first->restart_call = -1;
	first->robust_list = task->robust_list;
	first->ends = false;
	first->stop_due = task->stop_due;
	first->stopped = task->stopped;
	first->thread = task->thread;
	task->thread = NULL;
	list_append(&process->tasks, &first->link);
	first->thread->task = first;
	first->thread->id = first->id;
	spin_unlock_irq(&process_lock, flags);
	task_put(task);
}

int exit_others_for_exec(void)
{
	struct task *task = task_current();
	struct process *process = task->process;
	uint32_t flags = spin_lock_irq(&process_lock);
	int error = task->ends ? -EAGAIN : 0;
	if (!error) {
		process->executing = true;
		end_others_locked(process);
	}
	spin_unlock_irq(&process_lock, flags);
	if (error)
		return error;
	exit_await_others();
	process->executing = false;
	if (!task_is_first(task))
		become_first(process, task);
	return 0;
}

/* The last thread ends the process as a whole. */
static void end_process(struct process *process, struct task *task)
{
	int status = process->exit_status;

	if (process->id == 1)
		init_ended(process, status);
	release_terminal(process);
	give_back(process);
	trace_exit(status);
	become_zombie(process, task, status); /* from here on the parent may free it */
}

/* The thread ends, others of its process go on. True: its reference is the caller's. process_lock
 * held; afterwards the process may be gone. */
static bool leave_locked(struct process *process, struct task *task, int status)
{
	signal_stop_done_locked(task);
	bool forgotten = end_task_locked(process, task, status);
	signal_retarget_locked(process, ~0ull);
	if (process->living == process->staying + 1u)
		wait_wake_all(&process->changed);
	return forgotten;
}

_Noreturn void task_exit(int status)
{
	struct task *task = task_current();
	struct process *process = task->process;
	bool forgotten = false;

	stay_for_core(process, task);
	if (task->ends) /* by another one: as that says, or for a program that it runs */
		status = process->ending ? process->exit_status : 0;
	ptrace_event(task, PTRACE_EVENT_EXIT, (uint32_t)status);
	debug_registers_drop();
	futex_owner_ends(task);
	clear_child_tid(task);
	thread_set_space(NULL, 0);
	futex_locks_pass_on(thread_current());

	uint32_t flags = spin_lock_irq(&process_lock);
	bool last = --process->living == 0;
	if (last && !process->ending)
		process->exit_status = status;
	if (!last)
		forgotten = leave_locked(process, task, status);
	spin_unlock_irq(&process_lock, flags);
	if (last)
		end_process(process, task);
	else
		trace_exit(status);
	if (forgotten)
		task_put(task);
	ldt_leave(thread_current()); /* nobody finds it any more, to give it one */
	thread_exit();
}

_Noreturn void process_exit(int status)
{
	exit_begin(status);
	task_exit(status);
}
