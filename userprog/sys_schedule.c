/* SPDX-License-Identifier: MIT */
/*
 * Scheduling as programs ask for it: sched_setscheduler(2), nice(2), sched_setaffinity(2),
 * sched_setattr(2), getcpu(2). Policies, priorities, nice values and SCHED_DEADLINE's reservations are kept and
 * told, with Linux's rights and limits, and change nothing: every thread gets equal slices of the one
 * processor.
 */
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/time_types.h>

#include "kernel/mem/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/time/clock.h"
#include "lib/string.h"
#include "userprog/process.h"
#include "userprog/structure.h"
#include "userprog/sys_time.h"
#include "userprog/syscall.h"
#include "vm/page.h"
#include "vm/usercopy.h"

#define REAL_TIME_LOWEST 1
#define REAL_TIME_HIGHEST 99
#define ROUND_ROBIN_SLICE (NS_PER_SECOND / 10)

static int32_t sys_sched_yield(void)
{
	thread_yield();
	return 0;
}

/* The process that `id` means (0: the caller), also by one of its threads, with a reference. -EINVAL,
 * -ESRCH. */
static int find(pid_t id, struct process **process)
{
	if (id < 0)
		return -EINVAL;
	struct task *task = task_find(id ? id : task_current()->id);
	if (!task)
		return -ESRCH;
	*process = process_get(task->process);
	task_put(task);
	return 0;
}

/* ---- the processor ---- */

static int32_t sys_sched_getaffinity(pid_t id, uint32_t bytes, uint32_t *user_mask)
{
	uint32_t mask = 1;
	struct process *process;
	if (bytes < sizeof mask || bytes % sizeof mask)
		return -EINVAL;
	if (find(id, &process))
		return -ESRCH;
	process_put(process);
	return copy_to_user(user_mask, &mask, sizeof mask) ? -EFAULT : (int32_t)sizeof mask;
}

static int32_t sys_sched_setaffinity(pid_t id, uint32_t bytes, const uint32_t *user_mask)
{
	uint32_t mask = 0;
	struct process *process;
	if (copy_from_user(&mask, user_mask, bytes < sizeof mask ? bytes : sizeof mask))
		return -EFAULT;
	if (find(id, &process))
		return -ESRCH;
	int error = process_right(process, MAY_SCHEDULE);
	process_put(process);
	return error ? error : mask & 1 ? 0 : -EINVAL;
}

static int32_t sys_getcpu(uint32_t *user_cpu, uint32_t *user_node)
{
	uint32_t first = 0;
	if (user_cpu && copy_to_user(user_cpu, &first, sizeof first))
		return -EFAULT;
	return user_node ? copy_to_user(user_node, &first, sizeof first) : 0;
}

/* ---- SCHED_DEADLINE: so much of each period, until the deadline in it ---- */

#define RUNTIME_LEAST 1024u /* ns */
#define PERIOD_LEAST 100000u /* ns: sched_deadline_period_min_us, and ..._max_us */
#define PERIOD_MOST (4194304ull * 1000)
#define SHARE_BITS 20
#define SHARE_MOST ((95u << SHARE_BITS) / 100) /* of the processor, for all together: sched(7) */
#define FLAGS_OF_DEADLINE (SCHED_FLAG_RECLAIM | SCHED_FLAG_DL_OVERRUN)

struct reservation {
	uint64_t runtime, deadline, period; /* ns */
	uint64_t flags; /* of FLAGS_OF_DEADLINE */
};

bool reservation_binds(const struct process *process, uint32_t flags)
{
	return process->reservation && (flags & CLONE_THREAD || !process->reset_on_fork);
}

/* What part of the processor it wants; of none: 0. */
static uint32_t share_of(const struct reservation *reservation)
{
	if (!reservation)
		return 0;
	return (uint32_t)((reservation->runtime << SHARE_BITS) / reservation->period);
}

/* The shares of all processes but one. process_lock held. */
static uint32_t shares_of_others_locked(const struct process *except)
{
	uint32_t sum = 0;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		sum += p == except || p->zombie ? 0 : share_of(p->reservation);
	return sum;
}

/* It has this one from now on, or none. -EBUSY: so much of the processor is not left. */
static int replace_reservation(struct process *process, struct reservation *new)
{
	struct reservation *old = new;
	uint32_t flags = spin_lock_irq(&process_lock);
	bool fits = !new || shares_of_others_locked(process) + share_of(new) <= SHARE_MOST;
	if (fits) {
		old = process->reservation;
		process->reservation = new;
	}
	spin_unlock_irq(&process_lock, flags);
	kfree(old);
	return fits ? 0 : -EBUSY;
}

void reservation_end(struct process *process)
{
	replace_reservation(process, NULL);
}

static void end_other_reservation(struct process *process)
{
	if (process->policy != SCHED_DEADLINE)
		reservation_end(process);
}

/* What was asked for, a period that is not told being the deadline. Times with the highest bit set
 * are none. */
static int check_reservation(struct sched_attr *asked)
{
	if (!asked->sched_period)
		asked->sched_period = asked->sched_deadline;
	bool ordered = asked->sched_runtime <= asked->sched_deadline &&
	               asked->sched_deadline <= asked->sched_period;
	bool within = asked->sched_runtime >= RUNTIME_LEAST &&
	              asked->sched_period >= PERIOD_LEAST && asked->sched_period <= PERIOD_MOST;
	return ordered && within ? 0 : -EINVAL;
}

static int reserve(struct process *process, const struct sched_attr *asked)
{
	struct reservation *new = kmalloc(sizeof *new);
	if (!new)
		return -ENOMEM;
	*new = (struct reservation){asked->sched_runtime, asked->sched_deadline,
	                            asked->sched_period, asked->sched_flags & FLAGS_OF_DEADLINE};
	return replace_reservation(process, new);
}

static void tell_reservation(const struct process *process, struct sched_attr *to)
{
	uint32_t flags = spin_lock_irq(&process_lock);
	const struct reservation *reservation = process->reservation;
	if (reservation) {
		to->sched_runtime = reservation->runtime;
		to->sched_deadline = reservation->deadline;
		to->sched_period = reservation->period;
		to->sched_flags |= reservation->flags;
	}
	spin_unlock_irq(&process_lock, flags);
}

/* ---- policies: sched(7) ---- */

static bool real_time(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool valid_policy(int policy)
{
	return real_time(policy) || policy == SCHED_NORMAL || policy == SCHED_BATCH ||
	       policy == SCHED_IDLE;
}

/* The limits of who may not exceed them: RLIMIT_RTPRIO for real-time policies, RLIMIT_NICE to
 * leave SCHED_IDLE, and a child's own policy is not given back. */
static int check_policy_limits(const struct process *process, int policy, int priority,
                               bool reset_on_fork)
{
	unsigned long most = process->limits[RLIMIT_RTPRIO].rlim_cur;
	unsigned long nice = process->limits[RLIMIT_NICE].rlim_cur;
	bool exceeds = false;
	if (real_time(policy)) {
		exceeds |= policy != process->policy && !most;
		exceeds |= priority > process->real_time_priority &&
		           (unsigned long)priority > most;
	}
	if (process->policy == SCHED_IDLE && policy != SCHED_IDLE)
		exceeds |= (unsigned long)(20 - process->nice) > nice;
	exceeds |= process->reset_on_fork && !reset_on_fork;
	return exceeds && !right_has(MAY_RAISE_NICE, NULL) ? -EPERM : 0;
}

static int set_policy(struct process *process, int policy, int priority, bool reset_on_fork)
{
	if (!valid_policy(policy) || priority < 0 || priority > REAL_TIME_HIGHEST ||
	    real_time(policy) != (priority != 0))
		return -EINVAL;
	int error = check_policy_limits(process, policy, priority, reset_on_fork);
	if (!error)
		error = process_right(process, MAY_SCHEDULE);
	if (error)
		return error;
	process->policy = policy;
	process->real_time_priority = priority;
	process->reset_on_fork = reset_on_fork;
	return 0;
}

static int32_t sys_sched_setscheduler(pid_t id, int policy, const int *user_priority)
{
	int priority;
	struct process *process;
	if (policy < 0 || !user_priority || id < 0)
		return -EINVAL;
	if (copy_from_user(&priority, user_priority, sizeof priority))
		return -EFAULT;
	int error = find(id, &process);
	if (error)
		return error;
	error = set_policy(process, policy & ~SCHED_RESET_ON_FORK, priority,
	                   policy & SCHED_RESET_ON_FORK);
	end_other_reservation(process);
	process_put(process);
	return error;
}

static int32_t sys_sched_setparam(pid_t id, const int *user_priority)
{
	int priority;
	struct process *process;
	if (!user_priority || id < 0)
		return -EINVAL;
	if (copy_from_user(&priority, user_priority, sizeof priority))
		return -EFAULT;
	int error = find(id, &process);
	if (error)
		return error;
	error = set_policy(process, process->policy, priority, process->reset_on_fork);
	process_put(process);
	return error;
}

static int32_t sys_sched_getscheduler(pid_t id)
{
	struct process *process;
	int result = find(id, &process);
	if (result)
		return result;
	result = process->policy | (process->reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	process_put(process);
	return result;
}

static int32_t sys_sched_getparam(pid_t id, int *user_priority)
{
	struct process *process;
	if (!user_priority)
		return -EINVAL;
	int error = find(id, &process);
	if (error)
		return error;
	int priority = process->real_time_priority;
	process_put(process);
	return copy_to_user(user_priority, &priority, sizeof priority);
}

static int32_t sys_sched_get_priority_min(int policy)
{
	if (real_time(policy))
		return REAL_TIME_LOWEST;
	return valid_policy(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

static int32_t sys_sched_get_priority_max(int policy)
{
	if (real_time(policy))
		return REAL_TIME_HIGHEST;
	return valid_policy(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

/* How long the process runs before others have their turn. */
static int slice_of(pid_t id, uint64_t *ns)
{
	struct process *process;
	int error = find(id, &process);
	if (error)
		return error;
	*ns = process->policy == SCHED_FIFO || process->policy == SCHED_DEADLINE ? 0
	      : process->policy == SCHED_RR ? ROUND_ROBIN_SLICE
	                                    : NS_PER_SECOND / TICKS_PER_SECOND;
	process_put(process);
	return 0;
}

static int32_t sys_sched_rr_get_interval(pid_t id, void *user_time)
{
	uint64_t ns;
	int error = slice_of(id, &ns);
	return error ? error : time_to_user32(user_time, ns);
}

static int32_t sys_sched_rr_get_interval_time64(pid_t id, void *user_time)
{
	uint64_t ns;
	int error = slice_of(id, &ns);
	return error ? error : time_to_user64(user_time, ns);
}

/* ---- nice values ---- */

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

/* Whether the process may have that much of a nice value: its limit counts from 20 downwards. */
static int check_nice(const struct process *process, int nice)
{
	bool within = nice >= process->nice ||
	              (unsigned long)(20 - nice) <= process->limits[RLIMIT_NICE].rlim_cur;
	return within ? 0 : right_check(MAY_RAISE_NICE, NULL);
}

static int set_nice_locked(struct process *process, int nice)
{
	struct object object = process_object_locked(process);
	int error = right_check(MAY_SCHEDULE, &object);
	if (!error)
		error = check_nice(process, nice);
	if (!error)
		process->nice = nice;
	return error;
}

/* Of several processes each gets it that may, and an error says that one did not. */
static int32_t sys_setpriority(int which, uint32_t who, int nice)
{
	int32_t result = -ESRCH;
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&process_lock);
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p)) {
		if (!concerns(p, which, who))
			continue;
		int error = set_nice_locked(p, clamp_nice(nice));
		if (error || result == -ESRCH)
			result = error;
	}
	spin_unlock_irq(&process_lock, flags);
	return result;
}

static int32_t sys_nice(int increment)
{
	struct process *self = process_current();
	increment = increment > 40 ? 40 : increment < -40 ? -40 : increment;
	int nice = clamp_nice(self->nice + increment);
	if (check_nice(self, nice))
		return -EPERM;
	self->nice = nice;
	return 0;
}

/* ---- sched_setattr(2): policy, priority and nice value at once ---- */

/* The nice value counts for the policies that share the processor by it. */
static bool has_nice(int policy)
{
	return policy == SCHED_NORMAL || policy == SCHED_BATCH;
}

/* Who gives a structure of a size that is none is told the size of today's. */
static int attributes_from_user(struct sched_attr *attributes, struct sched_attr *user_attributes)
{
	uint32_t size;
	if (copy_from_user(&size, &user_attributes->size, sizeof size))
		return -EFAULT;
	int error = size && size < SCHED_ATTR_SIZE_VER0 ? -E2BIG : 0;
	if (!error)
		error = structure_from_user(attributes, sizeof *attributes, user_attributes,
		                            size ? size : SCHED_ATTR_SIZE_VER0);
	size = sizeof *attributes;
	if (error == -E2BIG && copy_to_user(&user_attributes->size, &size, sizeof size))
		return -EFAULT;
	if (!error)
		attributes->sched_nice = clamp_nice(attributes->sched_nice);
	return error;
}

/* What the flags say is to stay as it is. */
static void keep_attributes(struct sched_attr *attributes, const struct process *process)
{
	if (attributes->sched_flags & SCHED_FLAG_KEEP_POLICY) {
		attributes->sched_policy = (uint32_t)process->policy;
		attributes->sched_flags &= ~(uint64_t)SCHED_FLAG_RESET_ON_FORK;
		if (process->reset_on_fork)
			attributes->sched_flags |= SCHED_FLAG_RESET_ON_FORK;
	}
	if (attributes->sched_flags & SCHED_FLAG_KEEP_PARAMS) {
		attributes->sched_priority = (uint32_t)process->real_time_priority;
		attributes->sched_nice = process->nice;
		tell_reservation(process, attributes);
	}
}

/* Who has the right alone may have a deadline. */
static int set_deadline(struct process *process, struct sched_attr *attributes)
{
	int error = attributes->sched_priority ? -EINVAL : check_reservation(attributes);
	if (!error && !right_has(MAY_RAISE_NICE, NULL))
		error = -EPERM;
	if (!error)
		error = process_right(process, MAY_SCHEDULE);
	if (!error)
		error = reserve(process, attributes);
	if (error)
		return error;
	process->policy = SCHED_DEADLINE;
	process->real_time_priority = 0;
	process->reset_on_fork = attributes->sched_flags & SCHED_FLAG_RESET_ON_FORK;
	return 0;
}

static int set_attributes(struct process *process, struct sched_attr *attributes)
{
	const uint64_t known =
		SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_KEEP_ALL | FLAGS_OF_DEADLINE;
	keep_attributes(attributes, process);
	int policy = (int)attributes->sched_policy;
	if (attributes->sched_flags & ~known || attributes->sched_priority > REAL_TIME_HIGHEST)
		return -EINVAL;
	if (policy == SCHED_DEADLINE)
		return set_deadline(process, attributes);
	if (has_nice(policy) && check_nice(process, attributes->sched_nice))
		return -EPERM;
	int before = process->policy;
	int error = set_policy(process, policy, (int)attributes->sched_priority,
	                       attributes->sched_flags & SCHED_FLAG_RESET_ON_FORK);
	if (!error && has_nice(policy))
		process->nice = attributes->sched_nice;
	if (!error && attributes->sched_flags & SCHED_FLAG_KEEP_PARAMS)
		process->policy = before; /* Linux counts it among what is kept */
	end_other_reservation(process);
	return error;
}

static int32_t sys_sched_setattr(pid_t id, struct sched_attr *user_attributes, uint32_t flags)
{
	struct sched_attr attributes;
	struct process *process;
	if (!user_attributes || flags || id < 0)
		return -EINVAL;
	int error = attributes_from_user(&attributes, user_attributes);
	if (!error && (int)attributes.sched_policy < 0)
		error = -EINVAL;
	if (!error)
		error = find(id, &process);
	if (error)
		return error;
	error = set_attributes(process, &attributes);
	process_put(process);
	return error;
}

static int32_t sys_sched_getattr(pid_t id, void *user_attributes, uint32_t size, uint32_t flags)
{
	struct sched_attr attributes = {.size = sizeof attributes};
	struct process *process;
	if (!user_attributes || flags || size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		return -EINVAL;
	int error = find(id, &process);
	if (error)
		return error;
	attributes.sched_policy = (uint32_t)process->policy;
	attributes.sched_flags = process->reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	if (real_time(process->policy))
		attributes.sched_priority = (uint32_t)process->real_time_priority;
	else if (process->policy == SCHED_DEADLINE)
		tell_reservation(process, &attributes);
	else
		attributes.sched_nice = process->nice;
	process_put(process);
	if (size < attributes.size)
		attributes.size = size;
	return copy_to_user(user_attributes, &attributes, attributes.size);
}

const struct system_call schedule_calls[] = {
	CALL(sched_yield, 0),
	CALL(sched_getaffinity, 3),
	CALL(sched_setaffinity, 3),
	CALL(getcpu, 3),
	CALL(sched_setscheduler, 3),
	CALL(sched_setparam, 2),
	CALL(sched_getscheduler, 1),
	CALL(sched_getparam, 2),
	CALL(sched_get_priority_min, 1),
	CALL(sched_get_priority_max, 1),
	CALL(sched_rr_get_interval, 2),
	CALL(sched_rr_get_interval_time64, 2),
	CALL(sched_setattr, 3),
	CALL(sched_getattr, 4),
	CALL(getpriority, 2),
	CALL(setpriority, 3),
	CALL(nice, 1),
	CALLS_END,
};
