/* SPDX-License-Identifier: MIT */
/* wait4(2), waitpid(2), waitid(2): a parent learns what became of its children. */
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "kernel/sched/thread.h"
#include "userprog/exit.h"
#include "userprog/pidfd.h"
#include "userprog/process.h"
#include "userprog/ptrace.h"
#include "userprog/syscall.h"
#include "userprog/usage.h"
#include "vm/usercopy.h"

/* Which children, and which of their changes. */
struct wait_for {
	int type;    /* P_ALL, P_PID, P_PGID */
	pid_t id;
	int options; /* WEXITED WSTOPPED WCONTINUED WNOWAIT WNOHANG __WCLONE __WALL */
};

/* What was learnt. */
struct wait_result {
	pid_t id;
	uint32_t uid;
	int status, cld_code;
	struct usage usage;
	struct task *ended; /* the first one of its process, or another; no longer found: its reference
	                       is ours */
};

static bool concerns(const struct wait_for *what, const struct process *child)
{
	if (what->type == P_PID && child->id != what->id)
		return false;
	if (what->type == P_PGID && child->group != what->id)
		return false;
	if (child->first.tracing.tracer == process_current())
		return true;
	bool clone = child->exit_signal != SIGCHLD;
	return what->options & __WALL || clone == !!(what->options & __WCLONE);
}

/* What of a zombie is told; unless it is kept, it is waited for by that. Its tracer is told before
 * its parent. process_lock held. */
static void learn_end(struct process *parent, struct process *child, bool keep,
                      struct wait_result *result)
{
	result->status = child->status;
	result->cld_code = exit_code_of(child->status);
	result->usage = child->usage;
	usage_add(&result->usage, &child->reaped);
	if (keep)
		return;
	ptrace_let_go_locked(&child->first, 0);
	if (child->parent != parent) {
		if (exit_announce_locked(child))
			result->ended = &child->first;
		return;
	}
	usage_add(&parent->reaped, &result->usage);
	process_leave_locked(child);
	result->ended = &child->first;
}

/* A stop of a tracee of the caller. */
static bool learn_trap(struct task *tracee, bool keep, struct wait_result *result)
{
	struct ptrace_stop *stop = tracee->tracing.stop;
	if (!stop || stop->told)
		return false;
	stop->told = !keep;
	result->status = stop->code << 8 | 0x7f;
	result->cld_code = CLD_TRAPPED;
	result->usage = process_usage_locked(tracee->process);
	return true;
}

/* The same of a tracee that is not the first thread of its process, which may also have ended. */
static bool learn_thread(struct task *tracee, const struct wait_for *what,
                         struct wait_result *result)
{
	bool keep = what->options & WNOWAIT;
	*result = (struct wait_result){.id = tracee->id, .uid = tracee->process->credentials.uid};
	if (!tracee->ended)
		return learn_trap(tracee, keep, result);
	if (!(what->options & WEXITED))
		return false;
	result->status = tracee->status;
	result->cld_code = exit_code_of(tracee->status);
	if (keep)
		return true;
	ptrace_let_go_locked(tracee, 0);
	task_leave_locked(tracee);
	result->ended = tracee;
	return true;
}

static bool concerns_thread(const struct wait_for *what, const struct task *tracee)
{
	if (task_is_first(tracee))
		return concerns(what, tracee->process);
	return what->type == P_ALL || (what->type == P_PID && tracee->id == what->id) ||
	       (what->type == P_PGID && tracee->process->group == what->id);
}

/* Whether a thread of the child, traced by the caller, has ended and was not waited for: the process
 * tells its own end after those of its threads. */
static bool has_ended_threads(const struct process *parent, const struct process *child)
{
	LIST_FOR (&parent->tracees, struct task, tracee, tracing.link)
		if (tracee->process == child && tracee->ended)
			return true;
	return false;
}

/* If the child has something to tell, tells it. process_lock held. */
static bool learn(struct process *parent, struct process *child, const struct wait_for *what,
                  struct wait_result *result)
{
	bool keep = what->options & WNOWAIT;
	*result = (struct wait_result){.id = child->id, .uid = child->credentials.uid};
	struct process *tracer = child->first.tracing.tracer;
	bool own = tracer == parent;
	if (child->zombie && (own || !tracer) && what->options & WEXITED &&
	    !has_ended_threads(parent, child)) {
		learn_end(parent, child, keep, result);
		return true;
	}
	if (own && learn_trap(&child->first, keep, result))
		return true;
	if (!own && child->report == REPORT_STOPPED && child->stopped && what->options & WSTOPPED) {
		result->status = child->status;
		result->cld_code = CLD_STOPPED;
	} else if (child->report == REPORT_CONTINUED && what->options & WCONTINUED) {
		result->status = 0xffff;
		result->cld_code = CLD_CONTINUED;
	} else {
		return false;
	}
	if (!keep) {
		child->report = 0;
		process_has_no_news_locked(child);
	}
	result->usage = process_usage_locked(child);
	return true;
}

/* Whether there is a child at all of which something could be learnt. */
static bool any_concerns(const struct process *parent, const struct wait_for *what)
{
	LIST_FOR (&parent->children, struct process, child, sibling)
		if (concerns(what, child))
			return true;
	LIST_FOR (&parent->tracees, struct task, tracee, tracing.link)
		if (concerns_thread(what, tracee))
			return true;
	return false;
}

/* Only those that have something to tell are asked, who may be one of thousands; in the order in
 * which they became children. */
static int look_at_all(struct process *parent, const struct wait_for *what,
                       struct wait_result *result)
{
	for (struct tree_node *node = tree_first(&parent->news); node; node = tree_next(node)) {
		struct process *child = TREE_ENTRY(node, struct process, news_node);
		if (concerns(what, child) && learn(parent, child, what, result))
			return true;
	}
	LIST_FOR (&parent->tracees, struct task, tracee, tracing.link)
		if (concerns_thread(what, tracee) &&
		    (task_is_first(tracee) ? learn(parent, tracee->process, what, result)
		                           : learn_thread(tracee, what, result)))
			return true;
	return any_concerns(parent, what) ? 0 : -ECHILD;
}

static int look_at_one(struct process *parent, const struct wait_for *what,
                       struct wait_result *result)
{
	struct task *task = task_find_locked(what->id);
	if (!task)
		return -ECHILD;
	if (!task_is_first(task))
		return task->tracing.tracer == parent ? learn_thread(task, what, result) : -ECHILD;
	struct process *child = task->process;
	bool own = child->parent == parent || task->tracing.tracer == parent;
	if (!own || !concerns(what, child))
		return -ECHILD;
	return learn(parent, child, what, result);
}

/* 1: learnt something; 0: not yet; -ECHILD: there is no such child. */
static int look(struct process *parent, const struct wait_for *what,
                struct wait_result *result)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	int found = what->type == P_PID ? look_at_one(parent, what, result)
	                                : look_at_all(parent, what, result);
	spin_unlock_irq(&process_lock, flags);
	return found;
}

/* As look, but waits for it unless WNOHANG. */
static int wait_for_child(const struct wait_for *what, struct wait_result *result)
{
	struct process *parent = process_current();
	int found = 0; /* once it is not 0, what was learnt is gone from the tree */
	int error = WAIT_INTERRUPTIBLE(&parent->changed,
	                               found || (found = look(parent, what, result)) ||
	                                       what->options & WNOHANG);
	if (error)
		return error;
	if (result->ended && found > 0)
		task_put(result->ended);
	return found;
}

static int32_t sys_wait4(pid_t id, int *user_status, int options, struct rusage *user_usage)
{
	struct process *self = process_current();
	struct wait_for what = {.options = options | WEXITED};
	struct wait_result result;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (id == INT32_MIN)
		return -ESRCH;
	what.type = id > 0 ? P_PID : id == -1 ? P_ALL : P_PGID;
	what.id = id > 0 ? id : id == 0 ? self->group : -id;
	int found = wait_for_child(&what, &result);
	if (found <= 0)
		return found;
	if (user_status && copy_to_user(user_status, &result.status, sizeof result.status))
		return -EFAULT;
	if (user_usage && usage_to_user(user_usage, &result.usage))
		return -EFAULT;
	return result.id;
}

static int32_t sys_waitpid(pid_t id, int *user_status, int options)
{
	return sys_wait4(id, user_status, options, NULL);
}

static int info_to_user(siginfo_t *user_info, const struct wait_result *result, bool found)
{
	siginfo_t info = {0};
	if (found) {
		info.si_signo = SIGCHLD;
		info.si_code = result->cld_code;
		info.si_pid = result->id;
		info.si_uid = result->uid;
		info.si_status = result->cld_code == CLD_EXITED    ? result->status >> 8 & 0xff
		               : result->cld_code == CLD_KILLED ||
		                         result->cld_code == CLD_DUMPED
		                       ? result->status & 0x7f
		               : result->cld_code == CLD_CONTINUED ? SIGCONT
		               : result->cld_code == CLD_TRAPPED   ? result->status >> 8
		                                                   : result->status >> 8 & 0xff;
	}
	return copy_to_user(user_info, &info, sizeof info);
}

/* The process that a descriptor stands for. `given_up`: what O_NONBLOCK of the descriptor, not
 * WNOHANG, makes end at once. -EINVAL, -EBADF, -ECHILD: it is gone. */
static int take_descriptor(struct wait_for *what, bool *given_up)
{
	bool nonblock;
	pid_t id = what->id < 0 ? -EINVAL : pidfd_process(what->id, &nonblock);
	if (id <= 0)
		return id ? id : -ECHILD;
	*given_up = nonblock && !(what->options & WNOHANG);
	what->type = P_PID;
	what->id = id;
	what->options |= nonblock ? WNOHANG : 0;
	return 0;
}

static int32_t sys_waitid(int type, pid_t id, siginfo_t *user_info, int options,
                          struct rusage *user_usage)
{
	struct wait_for what = {.type = type, .id = id, .options = options};
	struct wait_result result;
	bool given_up = false; /* by what the descriptor says, not by the options */

	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD |
	                __WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	if (type == P_PIDFD) {
		int error = take_descriptor(&what, &given_up);
		if (error)
			return error;
		type = what.type;
		id = what.id;
	}
	if (type != P_ALL && type != P_PID && type != P_PGID)
		return -EINVAL;
	if ((type == P_PID && id <= 0) || (type == P_PGID && id < 0))
		return -EINVAL;
	if (type == P_PGID && id == 0)
		what.id = process_current()->group;
	int found = wait_for_child(&what, &result);
	if (found < 0)
		return found;
	if (!found && given_up)
		return -EAGAIN;
	if (user_info && info_to_user(user_info, &result, found > 0))
		return -EFAULT;
	if (user_usage && found && usage_to_user(user_usage, &result.usage))
		return -EFAULT;
	return 0;
}

const struct system_call wait_calls[] = {
	CALL_RESTARTS(wait4, 4),
	CALL_RESTARTS(waitpid, 3),
	CALL_RESTARTS(waitid, 5),
	CALLS_END,
};
