/* SPDX-License-Identifier: MIT */
/* The end of a process (exit.h): it gives everything back but its name and its status, which
 * wait(2) in wait.c collects. */
#include "userprog/exit.h"

#include <linux/signal.h>

#include "kernel/dev/power.h"
#include "kernel/dev/tty.h"
#include "kernel/fs/vfs.h"
#include "kernel/log.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "userprog/descriptor.h"
#include "userprog/futex.h"
#include "userprog/process.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

void exit_tell_parent_locked(struct process *process, int cld_code, int status)
{
	struct process *parent = process->parent;
	const struct signal_action *action = &parent->signals.actions[SIGCHLD - 1];
	bool ended = cld_code == CLD_EXITED || cld_code == CLD_KILLED;
	int signal = ended ? process->exit_signal : SIGCHLD;
	struct signal_info info = {
		.code = cld_code,
		.value = {(uint32_t)process->id, process->credentials.uid, (uint32_t)status},
	};

	if (signal && (ended || !(action->flags & SA_NOCLDSTOP)))
		signal_send_locked(parent, signal, &info);
	wait_wake_all(&parent->changed);
}

void exit_return_space_locked(struct process *process)
{
	if (!process->borrows_space)
		return;
	process->borrows_space = false;
	if (process->parent)
		wait_wake_all(&process->parent->changed);
}

/* The leader of the terminal's session ends: who still uses the terminal hears SIGHUP. */
static void release_terminal(const struct process *process)
{
	if (process->session != process->id || tty_session(&console_tty) != process->id)
		return;
	pid_t foreground = tty_foreground(&console_tty);
	tty_set_session(&console_tty, 0);
	tty_set_foreground(&console_tty, 0);
	if (foreground > 0) {
		signal_send_group(foreground, SIGHUP, NULL);
		signal_send_group(foreground, SIGCONT, NULL);
	}
}

/* clone(2), CLONE_CHILD_CLEARTID: whoever shares the memory may wait for this word. */
static void clear_child_tid(struct process *process)
{
	int zero = 0;
	if (!process->clear_child_tid)
		return;
	if (copy_to_user((void *)process->clear_child_tid, &zero, sizeof zero) == 0)
		futex_wake(process->clear_child_tid, 1);
	process->clear_child_tid = 0;
}

/* Memory, descriptors and places; each is taken out of readers' sight first. */
static void give_back(struct process *process)
{
	struct spt *spt = process->spt;
	struct descriptor_table *files = process->files;

	uint32_t flags = spin_lock_irq(&process_lock);
	process->spt = NULL;
	process->files = NULL;
	process->alarm_deadline = 0;
	spin_unlock_irq(&process_lock, flags);
	timer_cancel(&process->alarm);

	thread_set_space(NULL, 0);
	spt_put(spt);
	flags = spin_lock_irq(&process_lock);
	process->oom_killed = 0;
	exit_return_space_locked(process);
	spin_unlock_irq(&process_lock, flags);
	descriptors_put(files);
	process_set_cwd(process, NULL);
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
	const struct signal_action *action = &process->parent->signals.actions[SIGCHLD - 1];
	return process->exit_signal == SIGCHLD &&
	       (action->handler == (uintptr_t)SIG_IGN || action->flags & SA_NOCLDWAIT);
}

static void become_zombie(struct process *process, int status)
{
	bool forgotten = false;
	uint32_t flags = spin_lock_irq(&process_lock);
	process->usage = process_usage_locked(process);
	process->thread = NULL;
	process->status = status;
	process->report = 0;
	process->stopped = false;
	process->zombie = true;
	check_groups_locked(process);
	process_orphan_children_locked(process);
	if (parent_does_not_wait_locked(process)) {
		forgotten = true;
		wait_wake_all(&process->parent->changed);
		process_leave_locked(process);
	} else {
		exit_tell_parent_locked(process, status & 0x7f ? CLD_KILLED : CLD_EXITED,
		                        status & 0x7f ? status & 0x7f : status >> 8 & 0xff);
	}
	spin_unlock_irq(&process_lock, flags);
	if (forgotten)
		process_put(process);
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

_Noreturn void process_exit(int status)
{
	struct process *process = process_current();

	if (process->id == 1)
		init_ended(process, status);
	release_terminal(process);
	clear_child_tid(process);
	give_back(process);
	trace_exit(status);
	thread_current()->process = NULL;
	become_zombie(process, status); /* from here on the parent may free it */
	thread_exit();
}
