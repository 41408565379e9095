/* SPDX-License-Identifier: MIT */
/*
 * fork(2), vfork(2), clone(2) (fork.h). The child is built completely before it enters the
 * tree; whatever fails before that is undone by dropping the one reference to it.
 *
 * A vfork child runs in its parent's own space; the parent sleeps until it is given back,
 * by exec or exit.
 */
#include "userprog/fork.h"

#include <asm/errno.h>
#include <asm/ldt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "kernel/fs/vfs.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "lib/string.h"
#include "userprog/countdown.h"
#include "userprog/descriptor.h"
#include "userprog/ldt.h"
#include "userprog/pidfd.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "userprog/ptrace.h"
#include "userprog/timers.h"
#include "userprog/tls.h"
#include "userprog/user.h"
#include "vm/mmap.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

/* What threads of a process have in common, whether they ask for it or not. */
#define CLONE_OF_THREADS (CLONE_VM | CLONE_SIGHAND | CLONE_FS | CLONE_FILES)

static void child_start(void *unused)
{
	(void)unused;
	trap_return_to_user(thread_user_frame(thread_current()));
}

/* Scheduling as sched(7) has it. */
static void copy_scheduling(struct process *child, const struct process *parent)
{
	child->reset_on_fork = false;
	child->io_priority = parent->io_priority;
	child->nice = parent->reset_on_fork && parent->nice < 0 ? 0 : parent->nice;
	bool resets = parent->reset_on_fork &&
	              (parent->policy == SCHED_FIFO || parent->policy == SCHED_RR ||
	               parent->policy == SCHED_DEADLINE);
	child->policy = resets ? SCHED_NORMAL : parent->policy;
	child->real_time_priority = resets ? 0 : parent->real_time_priority;
}

/* What the child has of its parent's without sharing. */
static void copy_plain(struct process *child, struct process *parent)
{
	child->credentials = parent->credentials;
	user_share(child, parent);
	child->dumpable = parent->dumpable;
	child->core_filter = parent->core_filter;
	child->oom_adjust = parent->oom_adjust;
	child->oom_adjust_least = parent->oom_adjust_least;
	child->programs = parent->programs;
	child->no_huge_pages = parent->no_huge_pages;
	child->timer_slack = child->timer_slack_default = parent->timer_slack;
	copy_scheduling(child, parent);
	child->personality = parent->personality;
	memcpy(child->limits, parent->limits, sizeof child->limits);
	memcpy(child->name, thread_current()->name, sizeof child->name);
	child->executable = parent->executable;
	if (child->executable)
		ASSERT_SAYING(!program_get(child->executable), "what runs may run once more");
}

static int copy_space(struct process *child, struct process *parent, bool shared)
{
	if (shared) {
		spt_get(parent->spt);
		child->spt = parent->spt;
	} else {
		child->spt = vm_fork(parent->spt);
	}
	return child->spt ? 0 : -ENOMEM;
}

/* The new thread: its registers, TLS and FPU as the request says. */
static int make_thread(struct task *task, struct spt *spt, const struct fork_request *request)
{
	struct thread *self = thread_current();
	struct thread *thread = thread_create_stopped(self->name, child_start, NULL);
	struct user_desc tls;
	int error;

	if (!thread)
		return -EAGAIN;
	task->thread = thread;
	task->id = thread->id;
	thread->process = task->process;
	thread->task = task;
	thread->traced = self->traced;
	thread->hides_time = self->hides_time;
	thread->spt = spt;
	thread->cr3 = pagedir_phys(&spt->pagedir);
	memcpy(thread->tls, self->tls, sizeof thread->tls);
	struct trap_frame *frame = thread_user_frame(thread);
	*frame = *thread_user_frame(self);
	frame->eax = 0;
	if (request->stack)
		frame->esp = request->stack;
	if (request->flags & CLONE_SETTLS) {
		if (copy_from_user(&tls, (void *)request->tls, sizeof tls))
			return -EFAULT;
		error = tls_set(thread, &tls);
		if (error)
			return error;
	}
	error = request->flags & CLONE_VM ? 0 : ldt_copy(thread, self);
	return error ? error : thread_fpu_copy(thread, self);
}

/* What a new thread begins with of the one that makes it. */
static void copy_task(struct task *task, const struct task *from, uint32_t flags)
{
	task->signals.blocked = from->signals.blocked;
	/* Two on one alternate stack would not go well. */
	if ((flags & (CLONE_VM | CLONE_VFORK)) != CLONE_VM)
		task->signals.stack = from->signals.stack;
}

static void discard_thread(struct task *task)
{
	if (task->thread) {
		ldt_leave(task->thread);
		thread_discard(task->thread);
	}
	task->thread = NULL;
}

/* A child that will not be: everything it has goes. */
static void discard(struct process *child)
{
	discard_thread(&child->first);
	process_put(child);
}

static struct process *build(struct process *parent, const struct fork_request *request,
                             int *error)
{
	struct process *child = process_create();
	*error = -ENOMEM;
	if (!child)
		return NULL;
	*error = 0;
	copy_plain(child, parent);
	if (request->flags & CLONE_SIGHAND)
		signals_share(child, parent);
	else
		*error = signals_create(child, parent);
	if (!*error && request->clear_handlers)
		signals_clear_handlers(child);
	child->exit_signal = request->flags & CLONE_PARENT ? parent->exit_signal
	                                                   : (int)request->exit_signal;
	if (child->exit_signal > SIGNALS)
		child->exit_signal = 0; /* no signal, and none is sent; as on Linux, no error */
	child->borrows_space = request->flags & CLONE_VFORK;
	copy_task(&child->first, task_current(), request->flags);
	child->files = request->flags & CLONE_FILES ? descriptors_share(parent->files)
	                                            : descriptors_copy(parent->files);
	child->places = request->flags & CLONE_FS ? places_get(parent->places)
	                                          : places_copy(parent->places);
	if (!child->files || !child->places)
		*error = -ENOMEM;
	if (!*error)
		*error = copy_space(child, parent, request->flags & CLONE_VM);
	if (!*error)
		*error = make_thread(&child->first, child->spt, request);
	child->id = child->first.id;
	if (!*error) {
		timers_limit_processor(child);
		return child;
	}
	discard(child);
	return NULL;
}

/* The number is told in the parent's space, and in the child's, before the child runs. A
 * bad address is no error (clone(2) says nothing of one). */
static void tell_ids(struct task *child, struct spt *spt, const struct fork_request *request)
{
	struct thread *self = thread_current();
	struct spt *own = self->spt;

	if (request->flags & CLONE_PARENT_SETTID)
		(void)copy_to_user((void *)request->parent_tid, &child->id, sizeof child->id);
	if (request->flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = request->child_tid;
	if (!(request->flags & CLONE_CHILD_SETTID))
		return;
	thread_set_space(spt, pagedir_phys(&spt->pagedir));
	(void)copy_to_user((void *)request->child_tid, &child->id, sizeof child->id);
	thread_set_space(own, pagedir_phys(&own->pagedir));
}

static bool space_returned(struct process *child)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	bool returned = !child->borrows_space;
	spin_unlock_irq(&process_lock, flags);
	return returned;
}

/* Waits until the vfork child is done with the space. Only SIGKILL ends it early: the
 * space has a reference of the child's own. */
static void wait_for_space(struct process *child)
{
	while (WAIT_INTERRUPTIBLE(&child->changed, space_returned(child)) && !signal_killed())
		thread_clear_interrupt();
	/* Other signals are looked at on the way out. */
	thread_interrupt(thread_current());
}

#define NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET)

/* One for users anybody might ask for, user_namespaces(7), and in it for the others. */
int check_namespaces(uint32_t flags)
{
	int error = flags & NAMESPACES ? right_check(MAY_UNSHARE, NULL) : 0;
	if (flags & CLONE_NEWUSER)
		return -EINVAL;
	return error ? error : flags & NAMESPACES ? -EINVAL : 0;
}

/* The flags go together. */
static bool are_possible(uint32_t flags)
{
	if (flags & CLONE_PARENT && process_current()->id == 1)
		return false; /* it has none */
	if (flags & CLONE_THREAD) /* a descriptor stands for a process */
		return (flags & CLONE_OF_THREADS) == CLONE_OF_THREADS && !(flags & CLONE_PIDFD);
	return !(flags & CLONE_SIGHAND) || flags & CLONE_VM;
}

/* Another thread of the process that calls. Not while the process ends: the new one would not hear
 * of it. */
static int enter_thread(struct task *task, const struct fork_request *request, int event)
{
	struct task *self = task_current();
	struct process *process = task->process;
	int error = 0;
	uint32_t flags = spin_lock_irq(&process_lock);
	if (self->ends || process->ending || process->executing || thread_current()->killed)
		error = -EAGAIN;
	if (!error) {
		task_enter_locked(task);
		ldt_share_locked(task->thread);
		signal_join_stop_locked(task);
		countdown_threads_changed_locked(process);
		ptrace_follow_locked(task, self, event, request->flags);
	}
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static int fork_thread(const struct fork_request *request)
{
	struct task *self = task_current();
	struct spt *spt = thread_current()->spt;
	int event = ptrace_fork_event(self, request->flags, request->exit_signal);
	struct task *task = task_create(self->process);
	if (!task)
		return -ENOMEM;
	copy_task(task, self, request->flags);
	int error = make_thread(task, spt, request);
	if (!error) {
		tell_ids(task, spt, request);
		error = enter_thread(task, request, event);
	}
	if (error) {
		discard_thread(task);
		task_put(task);
		return error;
	}
	pid_t id = task->id; /* once it runs it may end */
	trace_fork(id, &spt->pagedir, true);
	thread_start(task->thread);
	if (event)
		ptrace_event(self, event, (uint32_t)id);
	return id;
}

/* Tells the caller a descriptor that stands for the child, which has not got it. */
static int give_pidfd(struct process *child, const struct fork_request *request)
{
	if (!(request->flags & CLONE_PIDFD))
		return 0;
	int number = pidfd_new(child, 0);
	if (number < 0)
		return number;
	if (!copy_to_user((void *)request->pidfd, &number, sizeof number))
		return 0;
	descriptor_close(process_current()->files, number);
	return -EFAULT;
}

int process_fork(const struct fork_request *request)
{
	struct process *parent = process_current();
	int event = ptrace_fork_event(task_current(), request->flags, request->exit_signal);
	int error;

	error = are_possible(request->flags) ? check_namespaces(request->flags) : -EINVAL;
	if (error)
		return error;
	if (user_too_many(parent, true) || reservation_binds(parent, request->flags))
		return -EAGAIN;
	if (request->flags & CLONE_THREAD)
		return fork_thread(request);
	struct process *child = build(parent, request, &error);
	if (!child)
		return error;
	error = give_pidfd(child, request);
	if (error) {
		discard(child);
		return error;
	}
	tell_ids(&child->first, child->spt, request);
	pid_t id = child->id;
	process_get(child);
	uint32_t flags = spin_lock_irq(&process_lock);
	child->group = parent->group;
	child->session = parent->session;
	process_enter_locked(child, request->flags & CLONE_PARENT ? parent->parent : parent);
	task_enter_locked(&child->first);
	if (request->flags & CLONE_VM)
		ldt_share_locked(child->first.thread);
	countdown_threads_changed_locked(child);
	ptrace_follow_locked(&child->first, task_current(), event, request->flags);
	spin_unlock_irq(&process_lock, flags);
	trace_fork(id, &child->spt->pagedir, request->flags & CLONE_VFORK);
	thread_start(child->first.thread);
	if (event)
		ptrace_event(task_current(), event, (uint32_t)id);
	if (request->flags & CLONE_VFORK) {
		wait_for_space(child);
		ptrace_event(task_current(), PTRACE_EVENT_VFORK_DONE, (uint32_t)id);
	}
	process_put(child);
	return id;
}
