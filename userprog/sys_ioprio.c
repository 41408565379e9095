/* SPDX-License-Identifier: MIT */
/*
 * ioprio_set(2), ioprio_get(2): kept and told, for a process as a whole. Disks take requests in
 * their order, as with Linux's scheduler "none", which asks nobody's priority either.
 */
#include <linux/ioprio.h>
#include <linux/sched.h>

#include "kernel/rights.h"
#include "userprog/process.h"
#include "userprog/syscall.h"

#define NICE_A_LEVEL 5 /* nice values for each level of who has set none */

static int check(int priority)
{
	switch (IOPRIO_PRIO_CLASS(priority)) {
	case IOPRIO_CLASS_RT:
		return right_has(MAY_RAISE_NICE, NULL) ? 0 : -EPERM;
	case IOPRIO_CLASS_BE:
	case IOPRIO_CLASS_IDLE:
		return 0;
	case IOPRIO_CLASS_NONE:
		return priority & (IOPRIO_NR_LEVELS - 1) ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/* What one that has set none gets by its scheduling. */
static uint32_t effective(const struct process *process)
{
	bool real_time = process->policy == SCHED_FIFO || process->policy == SCHED_RR;
	int class = process->policy == SCHED_IDLE ? IOPRIO_CLASS_IDLE
	          : real_time                     ? IOPRIO_CLASS_RT
	                                          : IOPRIO_CLASS_BE;
	if (IOPRIO_PRIO_CLASS(process->io_priority) != IOPRIO_CLASS_NONE)
		return process->io_priority;
	return (uint32_t)class << IOPRIO_CLASS_SHIFT | (uint32_t)(process->nice + 20) / NICE_A_LEVEL;
}

static bool concerns(const struct process *process, int which, int who)
{
	const struct process *self = process_current();
	if (which == IOPRIO_WHO_PGRP)
		return process->group == (who ? who : self->group);
	return process->credentials.uid == (who ? (uint32_t)who : self->credentials.uid);
}

static int set_locked(struct process *process, int priority)
{
	struct object object = process_object_locked(process);
	int error = right_check(MAY_SCHEDULE, &object);
	if (!error)
		process->io_priority = (uint16_t)priority;
	return error;
}

static struct process *of_thread_locked(int who)
{
	struct task *task = who ? task_find_locked(who) : task_current();
	return task ? task->process : NULL;
}

/* Several get it in turn, up to the first that may not. */
static int set_all_locked(int which, int who, int priority)
{
	int error = -ESRCH;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		if (concerns(p, which, who)) {
			error = set_locked(p, priority);
			if (error)
				break;
		}
	return error;
}

static int32_t sys_ioprio_set(int which, int who, int priority)
{
	int error = check(priority);
	if (error)
		return error;
	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&process_lock);
	if (which == IOPRIO_WHO_PROCESS) {
		struct process *process = of_thread_locked(who);
		error = process ? set_locked(process, priority) : -ESRCH;
	} else {
		error = set_all_locked(which, who, priority);
	}
	spin_unlock_irq(&process_lock, flags);
	return error;
}

/* The best of several: the lowest number. */
static int32_t best_locked(int which, int who)
{
	int32_t best = -ESRCH;
	for (struct process *p = process_first_locked(); p; p = process_next_locked(p))
		if (concerns(p, which, who) && (best < 0 || (int32_t)effective(p) < best))
			best = (int32_t)effective(p);
	return best;
}

static int32_t sys_ioprio_get(int which, int who)
{
	int32_t result;
	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	uint32_t flags = spin_lock_irq(&process_lock);
	if (which == IOPRIO_WHO_PROCESS) {
		const struct process *process = of_thread_locked(who);
		result = process ? process->io_priority : -ESRCH;
	} else {
		result = best_locked(which, who);
	}
	spin_unlock_irq(&process_lock, flags);
	return result;
}

const struct system_call ioprio_calls[] = {
	CALL(ioprio_set, 3),
	CALL(ioprio_get, 2),
	CALLS_END,
};
