/* SPDX-License-Identifier: MIT */
/* Making and ending processes, groups and sessions, limits and priorities. */
#include <asm/ldt.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/signal.h>

#include "kernel/cpu/cpu.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/exec.h"
#include "userprog/exit.h"
#include "userprog/fork.h"
#include "userprog/path.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "userprog/tls.h"
#include "vm/evict.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

/* ---- making and ending ---- */

static int32_t sys_fork(void)
{
	return process_fork(&(struct fork_request){.flags = SIGCHLD});
}

static int32_t sys_vfork(void)
{
	return process_fork(&(struct fork_request){.flags = SIGCHLD | CLONE_VM | CLONE_VFORK});
}

static int32_t sys_clone(uint32_t flags, uintptr_t stack, uintptr_t parent_tid, uintptr_t tls,
                         uintptr_t child_tid)
{
	return process_fork(&(struct fork_request){.flags = flags, .stack = stack, .tls = tls,
	                                           .parent_tid = parent_tid,
	                                           .child_tid = child_tid});
}

static int32_t sys_execve(const char *user_path, const uint32_t *argv, const uint32_t *envp)
{
	char *path;
	int error = path_from_user(user_path, &path);
	if (error)
		return error;
	error = exec_user(path, argv, envp);
	kfree(path);
	return error;
}

static int32_t sys_exit(int status)
{
	process_exit((status & 0xff) << 8);
}

/* ---- identity ---- */

static int32_t sys_getpid(void)
{
	return process_current()->id;
}

static int32_t sys_getppid(void)
{
	return __atomic_load_n(&process_current()->parent_id, __ATOMIC_RELAXED);
}

static int32_t sys_set_tid_address(uintptr_t address)
{
	process_current()->clear_child_tid = address;
	return process_current()->id;
}

static int32_t sys_set_thread_area(struct user_desc *user_description)
{
	struct user_desc description;
	struct thread *self = thread_current();
	if (copy_from_user(&description, user_description, sizeof description))
		return -EFAULT;
	int error = tls_set(self, &description);
	if (error)
		return error;
	cpu_load_tls(self->tls);
	return copy_to_user(&user_description->entry_number, &description.entry_number,
	                    sizeof description.entry_number);
}

static int32_t sys_get_thread_area(struct user_desc *user_description)
{
	struct user_desc description;
	if (copy_from_user(&description, user_description, sizeof description))
		return -EFAULT;
	int error = tls_get(thread_current(), &description);
	return error ? error : copy_to_user(user_description, &description, sizeof description);
}

static int32_t sys_prctl(int option, uintptr_t argument)
{
	struct process *process = process_current();
	char name[16] = {0};
	switch (option) {
	case PR_SET_NAME: {
		ssize_t n = copy_string_from_user(name, (const char *)argument, sizeof name);
		if (n < 0 && n != -ENAMETOOLONG)
			return (int32_t)n;
		name[sizeof name - 1] = '\0';
		memcpy(process->name, name, sizeof name);
		memcpy(thread_current()->name, name, sizeof name);
		trace_name(name);
		return 0;
	}
	case PR_GET_NAME:
		return copy_to_user((void *)argument, process->name, sizeof process->name);
	case PR_GET_DUMPABLE:
		return 0; /* there are no core files */
	case PR_SET_DUMPABLE:
		return argument <= 1 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

static int32_t sys_personality(uint32_t personality)
{
	struct process *process = process_current();
	uint32_t old = process->personality;
	if (personality != 0xffffffff)
		process->personality = personality;
	return (int32_t)old;
}

/* ---- groups and sessions: credentials(7), setpgid(2) ---- */

/* The process that `id` means (0: the caller); process_lock held. */
static struct process *meant_locked(pid_t id)
{
	return id ? process_find_locked(id) : process_current();
}

static int32_t sys_getpgid(pid_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct process *process = meant_locked(id);
	int32_t group = process ? process->group : -ESRCH;
	spin_unlock_irq(&process_lock, flags);
	return group;
}

static int32_t sys_getpgrp(void)
{
	return sys_getpgid(0);
}

static int32_t sys_getsid(pid_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct process *process = meant_locked(id);
	int32_t session = process ? process->session : -ESRCH;
	spin_unlock_irq(&process_lock, flags);
	return session;
}

static bool group_in_session_locked(pid_t group, pid_t session)
{
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		if (p->group == group && p->session == session)
			return true;
	return false;
}

static int set_group_locked(pid_t id, pid_t group)
{
	struct process *self = process_current(), *process = meant_locked(id);
	if (group < 0)
		return -EINVAL;
	if (!process || (process != self && process->parent != self))
		return -ESRCH;
	if (process != self && process->session != self->session)
		return -EPERM;
	if (process != self && process->executed)
		return -EACCES;
	if (process->session == process->id)
		return -EPERM;
	if (!group)
		group = process->id;
	if (group != process->id && !group_in_session_locked(group, self->session))
		return -EPERM;
	process->group = group;
	return 0;
}

static int32_t sys_setpgid(pid_t id, pid_t group)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	int error = set_group_locked(id, group);
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static int32_t sys_setsid(void)
{
	struct process *self = process_current();
	int32_t result = -EPERM;
	uint32_t flags = spin_lock_irq(&process_lock);
	bool is_group = false;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		is_group |= p->group == self->id;
	if (!is_group)
		result = self->session = self->group = self->id;
	spin_unlock_irq(&process_lock, flags);
	return result;
}

/* ---- scheduling: one policy, equal slices ---- */

static int32_t sys_sched_yield(void)
{
	thread_yield();
	return 0;
}

static int check_exists(pid_t id)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	int error = meant_locked(id) ? 0 : -ESRCH;
	spin_unlock_irq(&process_lock, flags);
	return error;
}

static int32_t sys_sched_getaffinity(pid_t id, uint32_t bytes, uint32_t *user_mask)
{
	uint32_t mask = 1;
	if (bytes < sizeof mask || bytes % sizeof mask)
		return -EINVAL;
	int error = check_exists(id);
	if (error)
		return error;
	return copy_to_user(user_mask, &mask, sizeof mask) ? -EFAULT : (int32_t)sizeof mask;
}

static int32_t sys_sched_setaffinity(pid_t id, uint32_t bytes, const uint32_t *user_mask)
{
	uint32_t mask;
	if (bytes < sizeof mask)
		return -EINVAL;
	if (copy_from_user(&mask, user_mask, sizeof mask))
		return -EFAULT;
	return mask & 1 ? check_exists(id) : -EINVAL;
}

static int32_t sys_sched_getscheduler(pid_t id)
{
	int error = check_exists(id);
	return error ? error : SCHED_NORMAL;
}

static int32_t sys_sched_getparam(pid_t id, int *user_priority)
{
	int priority = 0, error = check_exists(id);
	return error ? error : copy_to_user(user_priority, &priority, sizeof priority);
}

static int32_t sys_sched_setscheduler(pid_t id, int policy, const int *user_priority)
{
	int priority;
	if (copy_from_user(&priority, user_priority, sizeof priority))
		return -EFAULT;
	if (policy != SCHED_NORMAL || priority != 0)
		return -EINVAL;
	return check_exists(id);
}

static int32_t sys_sched_get_priority(int policy)
{
	return policy == SCHED_NORMAL ? 0 : -EINVAL;
}

#define NICE_LOWEST 19
#define NICE_HIGHEST (-20)

static int clamp_nice(int nice)
{
	return nice < NICE_HIGHEST ? NICE_HIGHEST : nice > NICE_LOWEST ? NICE_LOWEST : nice;
}

static bool concerns(const struct process *process, int which, uint32_t who)
{
	const struct process *self = process_current();
	switch (which) {
	case PRIO_PROCESS:
		return who ? process->id == (pid_t)who : process == self;
	case PRIO_PGRP:
		return process->group == (who ? (pid_t)who : self->group);
	default:
		return process->credentials.uid == (who ? who : self->credentials.uid);
	}
}

static int32_t sys_getpriority(int which, uint32_t who)
{
	int32_t result = -ESRCH;
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		if (concerns(p, which, who) && 20 - p->nice > result)
			result = 20 - p->nice; /* 40 to 1, so that it is no error code */
	spin_unlock_irq(&process_lock, flags);
	return result;
}

static int32_t sys_setpriority(int which, uint32_t who, int nice)
{
	int32_t result = -ESRCH;
	bool root = process_current()->credentials.euid == 0;
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (!concerns(p, which, who))
			continue;
		bool allowed = root || clamp_nice(nice) >= p->nice;
		result = allowed ? (result == -ESRCH ? 0 : result) : -EACCES;
		if (allowed)
			p->nice = clamp_nice(nice);
	}
	spin_unlock_irq(&process_lock, flags);
	return result;
}

static int32_t sys_nice(int increment)
{
	struct process *self = process_current();
	increment = increment > 40 ? 40 : increment < -40 ? -40 : increment;
	int nice = clamp_nice(self->nice + increment);
	if (nice < self->nice && self->credentials.euid != 0)
		return -EPERM;
	self->nice = nice;
	return 0;
}

/* ---- limits: getrlimit(2) ---- */

/* The address space knows its own. */
static void tell_space(const struct process *process)
{
	struct spt *spt = process->spt;
	SCOPED_MUTEX(&spt->lock);
	process_limit_space(process, spt);
	evict_to_limit(spt);
}

static int set_limit(struct process *process, uint32_t resource, const struct rlimit *limit)
{
	struct rlimit *place = &process->limits[resource];
	if (limit->rlim_cur > limit->rlim_max)
		return -EINVAL;
	if (limit->rlim_max > place->rlim_max && process_current()->credentials.euid != 0)
		return -EPERM;
	if (resource == RLIMIT_NOFILE && limit->rlim_max > DESCRIPTORS_MAX)
		return -EPERM;
	*place = *limit;
	if (process == process_current())
		tell_space(process);
	return 0;
}

static int32_t sys_setrlimit(uint32_t resource, const struct rlimit *user_limit)
{
	struct rlimit limit;
	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (copy_from_user(&limit, user_limit, sizeof limit))
		return -EFAULT;
	return set_limit(process_current(), resource, &limit);
}

static int32_t sys_ugetrlimit(uint32_t resource, struct rlimit *user_limit)
{
	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	return copy_to_user(user_limit, &process_current()->limits[resource], sizeof *user_limit);
}

/* The oldest form: what does not fit into 31 bits is cut. */
static int32_t sys_getrlimit(uint32_t resource, struct rlimit *user_limit)
{
	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	struct rlimit limit = process_current()->limits[resource];
	if (limit.rlim_cur > INT32_MAX)
		limit.rlim_cur = INT32_MAX;
	if (limit.rlim_max > INT32_MAX)
		limit.rlim_max = INT32_MAX;
	return copy_to_user(user_limit, &limit, sizeof limit);
}

static uint64_t widen(unsigned long limit)
{
	return limit == RLIM_INFINITY ? RLIM64_INFINITY : limit;
}

static unsigned long narrow(uint64_t limit)
{
	return limit >= RLIM_INFINITY ? RLIM_INFINITY : (unsigned long)limit;
}

static int32_t sys_prlimit64(pid_t id, uint32_t resource, const struct rlimit64 *user_new,
                             struct rlimit64 *user_old)
{
	struct rlimit64 new, old;
	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (user_new && copy_from_user(&new, user_new, sizeof new))
		return -EFAULT;
	struct process *process = process_find(id ? id : process_current()->id);
	if (!process)
		return -ESRCH;
	struct rlimit before = process->limits[resource];
	int error = 0;
	if (user_new)
		error = set_limit(process, resource,
		                  &(struct rlimit){narrow(new.rlim_cur), narrow(new.rlim_max)});
	process_put(process);
	old = (struct rlimit64){widen(before.rlim_cur), widen(before.rlim_max)};
	if (!error && user_old && copy_to_user(user_old, &old, sizeof old))
		error = -EFAULT;
	return error;
}

const struct system_call process_calls[] = {
	CALL(fork, 0),
	CALL(vfork, 0),
	CALL(clone, 5),
	CALL(execve, 3),
	CALL(exit, 1),
	CALL_AS(exit_group, exit, 1),
	CALL(getpid, 0),
	CALL_AS(gettid, getpid, 0),
	CALL(getppid, 0),
	CALL(set_tid_address, 1),
	CALL(set_thread_area, 1),
	CALL(get_thread_area, 1),
	CALL(prctl, 2),
	CALL(personality, 1),
	CALL(getpgid, 1),
	CALL(getpgrp, 0),
	CALL(getsid, 1),
	CALL(setpgid, 2),
	CALL(setsid, 0),
	CALL(sched_yield, 0),
	CALL(sched_getaffinity, 3),
	CALL(sched_setaffinity, 3),
	CALL(sched_getscheduler, 1),
	CALL(sched_setscheduler, 3),
	CALL(sched_getparam, 2),
	CALL_AS(sched_get_priority_min, sched_get_priority, 1),
	CALL_AS(sched_get_priority_max, sched_get_priority, 1),
	CALL(getpriority, 2),
	CALL(setpriority, 3),
	CALL(nice, 1),
	CALL(setrlimit, 2),
	CALL(ugetrlimit, 2),
	CALL(getrlimit, 2),
	CALL(prlimit64, 4),
	CALLS_END,
};
