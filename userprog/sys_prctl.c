/* SPDX-License-Identifier: MIT */
/* prctl(2): what a process settles about itself, by option. */
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <linux/signal.h>

#include "userprog/process.h"
#include "userprog/syscall.h"
#include "vm/usercopy.h"


/* Takes a capability from what exec may give. */
static int drop_bounding(uintptr_t capability)
{
	struct credentials c = process_current()->credentials;
	int error = right_check(MAY_SET_BOUNDS, NULL);
	if (error || capability > CAP_LAST_CAP)
		return error ? error : -EINVAL;
	c.bounding &= ~(1ull << capability);
	process_set_credentials(&c);
	return 0;
}

/* prctl(2) about who one is. */
static int32_t control_credentials(struct process *process, int option, uintptr_t argument)
{
	struct credentials *c = &process->credentials;
	switch (option) {
	case PR_GET_DUMPABLE:
		return process->dumpable;
	case PR_SET_DUMPABLE:
		if (argument > 1)
			return -EINVAL;
		process->dumpable = argument;
		return 0;
	case PR_GET_SECUREBITS:
		return c->keep_capabilities ? SECBIT_KEEP_CAPS : 0;
	case PR_SET_SECUREBITS: /* of the others there are none */
		if (right_check(MAY_SET_BOUNDS, NULL))
			return -EPERM;
		if (argument & ~(uint32_t)SECBIT_KEEP_CAPS)
			return -EINVAL;
		c->keep_capabilities = argument;
		return 0;
	case PR_GET_KEEPCAPS:
		return c->keep_capabilities;
	case PR_SET_KEEPCAPS:
		if (argument > 1)
			return -EINVAL;
		c->keep_capabilities = argument;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return c->no_new_privileges;
	case PR_SET_NO_NEW_PRIVS:
		if (argument != 1)
			return -EINVAL;
		c->no_new_privileges = true;
		return 0;
	case PR_CAPBSET_READ:
		return argument > CAP_LAST_CAP ? -EINVAL : (int32_t)(c->bounding >> argument & 1);
	case PR_CAPBSET_DROP:
		return drop_bounding(argument);
	default:
		return -EINVAL;
	}
}

/* prctl(2) about parents and children. */
static int32_t control_family(struct process *process, int option, uintptr_t argument)
{
	int number;
	switch (option) {
	case PR_SET_PDEATHSIG:
		if (argument > SIGNALS)
			return -EINVAL;
		process->parent_death_signal = (int)argument;
		return 0;
	case PR_GET_PDEATHSIG:
		return copy_to_user((void *)argument, &process->parent_death_signal, sizeof(int));
	case PR_SET_CHILD_SUBREAPER:
		process->adopts = argument;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		number = process->adopts;
		return copy_to_user((void *)argument, &number, sizeof number);
	default:
		return -EINVAL;
	}
}

static int set_name(const char *user_name)
{
	char name[16] = {0};
	ssize_t n = copy_string_from_user(name, user_name, sizeof name);
	if (n < 0 && n != -ENAMETOOLONG)
		return (int)n;
	name[sizeof name - 1] = '\0';
	process_set_name(name);
	return 0;
}

static int32_t set_timer_slack(struct process *process, uintptr_t argument)
{
	process->timer_slack = (int32_t)argument > 0 ? argument : process->timer_slack_default;
	return 0;
}

/* Whether the thread, and those that it makes, may read the time-stamp counter; also by the vDSO. */
static int32_t set_time_stamps(uintptr_t argument)
{
	if (argument != PR_TSC_ENABLE && argument != PR_TSC_SIGSEGV)
		return -EINVAL;
	preempt_disable();
	thread_current()->hides_time = argument == PR_TSC_SIGSEGV;
	cpu_hide_time(argument == PR_TSC_SIGSEGV);
	preempt_enable();
	return 0;
}

/* What the processor is told of a program. */
static int32_t control_processor(int option, uintptr_t argument)
{
	int time_stamps = thread_current()->hides_time ? PR_TSC_SIGSEGV : PR_TSC_ENABLE;
	switch (option) {
	case PR_GET_TSC:
		return copy_to_user((void *)argument, &time_stamps, sizeof time_stamps);
	case PR_SET_TSC:
		return set_time_stamps(argument);
	case PR_GET_TIMING:
		return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING:
		return argument == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_GET_SECCOMP:
	case PR_TASK_PERF_EVENTS_ENABLE: /* there are no counters */
	case PR_TASK_PERF_EVENTS_DISABLE:
		return 0;
	default:
		return -EINVAL;
	}
}

static int32_t sys_prctl(int option, uintptr_t argument, uintptr_t third, uintptr_t fourth,
                         uintptr_t fifth)
{
	struct process *process = process_current();
	switch (option) {
	case PR_SET_NAME:
		return set_name((const char *)argument);
	case PR_GET_NAME:
		return copy_to_user((void *)argument, thread_current()->name, THREAD_NAME_MAX);
	case PR_SET_TIMERSLACK:
		return set_timer_slack(process, argument);
	case PR_GET_TIMERSLACK:
		return (int32_t)(process->timer_slack ? process->timer_slack : TIMER_SLACK_NS);
	case PR_SET_PDEATHSIG:
	case PR_GET_PDEATHSIG:
	case PR_SET_CHILD_SUBREAPER:
	case PR_GET_CHILD_SUBREAPER:
		return control_family(process, option, argument);
	case PR_GET_THP_DISABLE:
		return argument || third || fourth || fifth ? -EINVAL : process->no_huge_pages;
	case PR_SET_THP_DISABLE:
		if (third || fourth || fifth)
			return -EINVAL;
		process->no_huge_pages = argument;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		if (argument)
			return -EINVAL;
		/* fall through */
	case PR_SET_NO_NEW_PRIVS:
		if (third || fourth || fifth)
			return -EINVAL;
		/* fall through */
	case PR_GET_DUMPABLE:
	case PR_SET_DUMPABLE:
	case PR_GET_SECUREBITS:
	case PR_SET_SECUREBITS:
	case PR_GET_KEEPCAPS:
	case PR_SET_KEEPCAPS:
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
		return control_credentials(process, option, argument);
	default:
		return control_processor(option, argument);
	}
}

const struct system_call prctl_calls[] = {
	CALL(prctl, 5),
	CALLS_END,
};
