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
#include <linux/sched.h>

#include "kernel/fs/vfs.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/process.h"
#include "userprog/tls.h"
#include "vm/mmap.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

/* What only threads of one process would share. */
#define CLONE_UNSUPPORTED                                                               \
	(CLONE_THREAD | CLONE_SIGHAND | CLONE_FILES | CLONE_FS | CLONE_PARENT |         \
	 CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |  \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE | CLONE_PIDFD)

static void child_start(void *unused)
{
	(void)unused;
	trap_return_to_user(thread_user_frame(thread_current()));
}

/* What the child has of its parent's without sharing. */
static void copy_plain(struct process *child, struct process *parent)
{
	child->credentials = parent->credentials;
	child->oom_adjust = parent->oom_adjust;
	child->nice = parent->nice;
	child->umask = parent->umask;
	child->personality = parent->personality;
	memcpy(child->limits, parent->limits, sizeof child->limits);
	memcpy(child->name, parent->name, sizeof child->name);
	child->cwd = dentry_get(parent->cwd);
	child->executable = parent->executable;
	if (child->executable)
		ASSERT_SAYING(!program_get(child->executable), "what runs may run once more");
	signals_copy_for_fork(child, parent);
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

/* The child's thread: its registers, TLS and FPU as the request says. */
static int make_thread(struct process *child, const struct fork_request *request)
{
	struct thread *self = thread_current();
	struct thread *thread = thread_create_stopped(child->name, child_start, NULL);
	struct user_desc tls;
	int error;

	if (!thread)
		return -EAGAIN;
	child->thread = thread;
	child->id = thread->id;
	thread->process = child;
	thread->traced = self->traced;
	thread->spt = child->spt;
	thread->cr3 = pagedir_phys(&child->spt->pagedir);
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
	return thread_fpu_copy(thread, self);
}

/* A child that will not be: everything it has goes. */
static void discard(struct process *child)
{
	if (child->thread)
		thread_discard(child->thread);
	child->thread = NULL;
	process_put(child);
}

static struct process *build(struct process *parent, const struct fork_request *request,
                             int *error)
{
	struct process *child = process_create();
	*error = -ENOMEM;
	if (!child)
		return NULL;
	copy_plain(child, parent);
	child->exit_signal = (int)(request->flags & CSIGNAL);
	if (child->exit_signal > SIGNALS)
		child->exit_signal = 0; /* no signal, and none is sent; as on Linux, no error */
	child->borrows_space = request->flags & CLONE_VFORK;
	child->files = descriptors_copy(parent->files);
	if (child->files)
		*error = copy_space(child, parent, request->flags & CLONE_VM);
	if (!*error)
		*error = make_thread(child, request);
	if (!*error)
		return child;
	discard(child);
	return NULL;
}

/* The number is told in the parent's space, and in the child's, before the child runs. A
 * bad address is no error (clone(2) says nothing of one). */
static void tell_ids(struct process *child, const struct fork_request *request)
{
	struct thread *self = thread_current();
	struct spt *own = self->spt;

	if (request->flags & CLONE_PARENT_SETTID)
		(void)copy_to_user((void *)request->parent_tid, &child->id, sizeof child->id);
	if (request->flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = request->child_tid;
	if (!(request->flags & CLONE_CHILD_SETTID))
		return;
	thread_set_space(child->spt, pagedir_phys(&child->spt->pagedir));
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
static void wait_for_space(struct process *parent, struct process *child)
{
	while (WAIT_INTERRUPTIBLE(&parent->changed, space_returned(child)) && !signal_killed())
		thread_clear_interrupt();
	/* Other signals are looked at on the way out. */
	thread_interrupt(thread_current());
}

/* RLIMIT_NPROC (getrlimit(2)): of one user, who is not root. */
static bool too_many(const struct process *parent)
{
	uint32_t uid = parent->credentials.uid, count = 0;
	if (uid == 0)
		return false;
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		count += p->credentials.uid == uid;
	spin_unlock_irq(&process_lock, flags);
	return count >= parent->limits[RLIMIT_NPROC].rlim_cur;
}

int process_fork(const struct fork_request *request)
{
	struct process *parent = process_current();
	int error;

	if (request->flags & CLONE_UNSUPPORTED)
		return -EINVAL;
	if (too_many(parent))
		return -EAGAIN;
	struct process *child = build(parent, request, &error);
	if (!child)
		return error;
	tell_ids(child, request);
	pid_t id = child->id;
	process_get(child);
	uint32_t flags = spin_lock_irq(&process_lock);
	child->group = parent->group;
	child->session = parent->session;
	process_enter_locked(child, parent);
	spin_unlock_irq(&process_lock, flags);
	trace_fork(id, child->spt, request->flags & CLONE_VFORK);
	thread_start(child->thread);
	if (request->flags & CLONE_VFORK)
		wait_for_space(parent, child);
	process_put(child);
	return id;
}
