/* SPDX-License-Identifier: MIT */
/* Making and ending processes, groups and sessions, limits. */
#include <asm/ldt.h>
#include <linux/fcntl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "kernel/cpu/cpu.h"
#include "kernel/fs/vfs.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/trace.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "userprog/descriptor.h"
#include "userprog/exec.h"
#include "userprog/exit.h"
#include "userprog/fork.h"
#include "userprog/ipc.h"
#include "userprog/path.h"
#include "userprog/places.h"
#include "userprog/process.h"
#include "userprog/syscall.h"
#include "userprog/timers.h"
#include "userprog/tls.h"
#include "vm/evict.h"
#include "vm/spt.h"
#include "vm/usercopy.h"

/* ---- making and ending ---- */

static int32_t sys_fork(void)
{
	return process_fork(&(struct fork_request){.exit_signal = SIGCHLD});
}

static int32_t sys_vfork(void)
{
	return process_fork(&(struct fork_request){.flags = CLONE_VM | CLONE_VFORK,
	                                           .exit_signal = SIGCHLD});
}

static int32_t sys_clone(uint32_t flags, uintptr_t stack, uintptr_t parent_tid, uintptr_t tls,
                         uintptr_t child_tid)
{
	uint32_t signal = flags & CSIGNAL;
	/* One argument for two. */
	if (flags & CLONE_PIDFD && flags & (CLONE_PARENT_SETTID | CLONE_DETACHED))
		return -EINVAL;
	return process_fork(&(struct fork_request){
		.flags = flags & ~(uint32_t)CSIGNAL, .stack = stack, .tls = tls,
		.exit_signal = signal <= SIGNALS ? signal : 0, /* none: as on Linux, no error */
		.parent_tid = parent_tid, .child_tid = child_tid, .pidfd = parent_tid});
}

/* What a longer structure than is known here says must be nothing. */
static int read_clone_args(struct clone_args *args, const char *user_args, size_t size)
{
	uint8_t more;
	size_t known = size < sizeof *args ? size : sizeof *args;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	memset(args, 0, sizeof *args);
	if (copy_from_user(args, user_args, known))
		return -EFAULT;
	for (size_t at = known; at < size; at++) {
		if (copy_from_user(&more, user_args + at, 1))
			return -EFAULT;
		if (more)
			return -E2BIG;
	}
	return 0;
}

static bool are_sane(const struct clone_args *args)
{
	bool silent = args->flags & (CLONE_THREAD | CLONE_PARENT);
	if (args->flags & (CSIGNAL | CLONE_DETACHED) ||
	    args->flags & ~(UINT32_MAX | CLONE_CLEAR_SIGHAND))
		return false;
	if (args->flags & CLONE_SIGHAND && args->flags & CLONE_CLEAR_SIGHAND)
		return false;
	if (args->exit_signal > SIGNALS || (silent && args->exit_signal))
		return false;
	return !args->stack == !args->stack_size && !args->set_tid && !args->set_tid_size;
}

static int32_t sys_clone3(const char *user_args, size_t size)
{
	struct clone_args args;
	int error = read_clone_args(&args, user_args, size);
	if (error)
		return error;
	if (!are_sane(&args))
		return -EINVAL;
	return process_fork(&(struct fork_request){
		.flags = (uint32_t)args.flags, .exit_signal = (uint32_t)args.exit_signal,
		.clear_handlers = args.flags & CLONE_CLEAR_SIGHAND,
		.stack = (uintptr_t)(args.stack + args.stack_size), .tls = (uintptr_t)args.tls,
		.parent_tid = (uintptr_t)args.parent_tid,
		.child_tid = (uintptr_t)args.child_tid, .pidfd = (uintptr_t)args.pidfd});
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

/* The path by which a program that execveat(2) found is known: execveat(2), NOTES. */
static int descriptor_path(int number, const char *path, char *named, size_t size)
{
	bool is_whole = path[0] == '/' || number == AT_FDCWD;
	int n = is_whole ? snprintf(named, size, "%s", path)
	                 : snprintf(named, size, "/dev/fd/%d%s%s", number, path[0] ? "/" : "", path);
	return n < (int)size ? 0 : -ENAMETOOLONG;
}

static int exec_at(int number, const char *user_path, int flags, char *named, const uint32_t *argv,
                   const uint32_t *envp)
{
	struct dentry *file;
	struct place place;
	int error = place_get(&place, number, user_path, flags & AT_EMPTY_PATH);
	if (error)
		return error;
	bool of_descriptor = place.path[0] != '/' && number != AT_FDCWD;
	error = descriptor_path(number, place.path, named, PATH_SIZE);
	if (!error && place.path[0])
		error = vfs_lookup(place.at, place.path, !(flags & AT_SYMLINK_NOFOLLOW), &file);
	else if (!error)
		file = dentry_get(place.at);
	place_put(&place);
	if (error)
		return error;
	bool path_ends = of_descriptor && descriptor_flag(process_current()->files, number);
	error = S_ISLNK(dentry_inode(file)->mode)
	                ? -ELOOP
	                : exec_user_file(named, file, path_ends, argv, envp);
	dentry_put(file);
	return error;
}

static int32_t sys_execveat(int number, const char *user_path, const uint32_t *argv,
                            const uint32_t *envp, int flags)
{
	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	char *named = kmalloc(PATH_SIZE);
	if (!named)
		return -ENOMEM;
	int error = exec_at(number, user_path, flags, named, argv, envp);
	kfree(named);
	return error;
}

static int32_t sys_exit(int status)
{
	task_exit((status & 0xff) << 8);
}

static int32_t sys_exit_group(int status)
{
	process_exit((status & 0xff) << 8);
}

/* ---- identity ---- */

static int32_t sys_getpid(void)
{
	return process_current()->id;
}

static int32_t sys_gettid(void)
{
	return task_current()->id;
}

static int32_t sys_getppid(void)
{
	return __atomic_load_n(&process_current()->parent_id, __ATOMIC_RELAXED);
}

static int32_t sys_set_tid_address(uintptr_t address)
{
	task_current()->clear_child_tid = address;
	return task_current()->id;
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
	if (group < 0 || (!group && id < 0))
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

/* ---- limits: getrlimit(2) ---- */

/* The address space knows its own. */
static void tell_space(const struct process *process)
{
	struct spt *spt = process->spt;
	SCOPED_WRITE(&spt->lock);
	process_limit_space(process, spt);
	evict_to_limit(spt);
}

static int set_limit(struct process *process, uint32_t resource, const struct rlimit *limit)
{
	struct rlimit *place = &process->limits[resource];
	if (limit->rlim_cur > limit->rlim_max)
		return -EINVAL;
	if (limit->rlim_max > place->rlim_max && !right_has(MAY_RAISE_LIMITS, NULL))
		return -EPERM;
	if (resource == RLIMIT_NOFILE && limit->rlim_max > descriptors_limit())
		return -EPERM;
	*place = *limit;
	if (resource == RLIMIT_CPU)
		timers_limit_processor(process);
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
	int error = process_right(process, MAY_SET_LIMITS);
	if (!error && user_new)
		error = set_limit(process, resource,
		                  &(struct rlimit){narrow(new.rlim_cur), narrow(new.rlim_max)});
	process_put(process);
	old = (struct rlimit64){widen(before.rlim_cur), widen(before.rlim_max)};
	if (!error && user_old && copy_to_user(user_old, &old, sizeof old))
		error = -EFAULT;
	return error;
}

/* What threads of a process, or processes, may share. */
#define SHARED (CLONE_FS | CLONE_FILES | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)

/* 0, or -ENOMEM. The caller has one thread. */
static int unshare_places(struct process *self)
{
	struct places *old = self->places, *places = places_copy(old);
	if (!places)
		return -ENOMEM;
	uint32_t flags = spin_lock_irq(&process_lock);
	self->places = places;
	spin_unlock_irq(&process_lock, flags);
	places_put(old);
	return 0;
}

/* Threads of one process have all of it in common for ever; semaphores are adjusted as at the
 * process's end. */
static int32_t sys_unshare(uint32_t flags)
{
	struct process *self = process_current();
	int error = check_namespaces(flags);
	if (error)
		return error;
	if (flags & ~(uint32_t)(SHARED | CLONE_SYSVSEM) || (flags & SHARED && self->living > 1))
		return -EINVAL;
	if (flags & CLONE_SYSVSEM)
		sem_process_ends(self);
	if (flags & CLONE_FS)
		error = unshare_places(self);
	if (!error && flags & CLONE_FILES)
		error = descriptors_unshare();
	return error;
}

const struct system_call process_calls[] = {
	CALL(fork, 0),
	CALL(vfork, 0),
	CALL(clone, 5),
	CALL(clone3, 2),
	CALL(unshare, 1),
	CALL_RESTARTS(execve, 3), /* a lease may have to be waited for */
	CALL_RESTARTS(execveat, 5),
	CALL(exit, 1),
	CALL(exit_group, 1),
	CALL(getpid, 0),
	CALL(gettid, 0),
	CALL(getppid, 0),
	CALL(set_tid_address, 1),
	CALL(set_thread_area, 1),
	CALL(get_thread_area, 1),
	CALL(personality, 1),
	CALL(getpgid, 1),
	CALL(getpgrp, 0),
	CALL(getsid, 1),
	CALL(setpgid, 2),
	CALL(setsid, 0),
	CALL(setrlimit, 2),
	CALL(ugetrlimit, 2),
	CALL(getrlimit, 2),
	CALL(prlimit64, 4),
	CALLS_END,
};
