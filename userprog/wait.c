/* SPDX-License-Identifier: MIT */
/* wait4(2), waitpid(2), waitid(2): a parent learns what became of its children. */
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "kernel/sched/thread.h"
#include "userprog/process.h"
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
	struct process *ended; /* no longer in the tree: its reference is ours */
};

static bool concerns(const struct wait_for *what, const struct process *child)
{
	if (what->type == P_PID && child->id != what->id)
		return false;
	if (what->type == P_PGID && child->group != what->id)
		return false;
	bool clone = child->exit_signal != SIGCHLD;
	return what->options & __WALL || clone == !!(what->options & __WCLONE);
}

/* If the child has something to tell, tells it. process_lock held. */
static bool learn(struct process *parent, struct process *child, const struct wait_for *what,
                  struct wait_result *result)
{
	bool keep = what->options & WNOWAIT;
	*result = (struct wait_result){.id = child->id, .uid = child->credentials.uid};
	if (child->zombie && what->options & WEXITED) {
		result->status = child->status;
		result->cld_code = child->status & 0x7f ? CLD_KILLED : CLD_EXITED;
		result->usage = child->usage;
		usage_add(&result->usage, &child->reaped);
		if (!keep) {
			usage_add(&parent->reaped, &result->usage);
			process_leave_locked(child);
			result->ended = child;
		}
		return true;
	}
	if (child->report == REPORT_STOPPED && child->stopped && what->options & WSTOPPED) {
		result->status = child->status;
		result->cld_code = CLD_STOPPED;
	} else if (child->report == REPORT_CONTINUED && what->options & WCONTINUED) {
		result->status = 0xffff;
		result->cld_code = CLD_CONTINUED;
	} else {
		return false;
	}
	if (!keep)
		child->report = 0;
	result->usage = process_usage_locked(child);
	return true;
}

static int look_at_all(struct process *parent, const struct wait_for *what,
                       struct wait_result *result)
{
	int found = -ECHILD;
	LIST_FOR (&parent->children, struct process, child, sibling) {
		if (!concerns(what, child))
			continue;
		found = learn(parent, child, what, result);
		if (found)
			break;
	}
	return found;
}

static int look_at_one(struct process *parent, const struct wait_for *what,
                       struct wait_result *result)
{
	struct process *child = process_find_locked(what->id);
	if (!child || child->parent != parent || !concerns(what, child))
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
		process_put(result->ended);
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
		               : result->cld_code == CLD_KILLED    ? result->status & 0x7f
		               : result->cld_code == CLD_CONTINUED ? SIGCONT
		                                                   : result->status >> 8 & 0xff;
	}
	return copy_to_user(user_info, &info, sizeof info);
}

static int32_t sys_waitid(int type, pid_t id, siginfo_t *user_info, int options,
                          struct rusage *user_usage)
{
	struct wait_for what = {.type = type, .id = id, .options = options};
	struct wait_result result;

	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD |
	                __WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	if (type != P_ALL && type != P_PID && type != P_PGID)
		return -EINVAL;
	if ((type == P_PID && id <= 0) || (type == P_PGID && id < 0))
		return -EINVAL;
	if (type == P_PGID && id == 0)
		what.id = process_current()->group;
	int found = wait_for_child(&what, &result);
	if (found < 0)
		return found;
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
