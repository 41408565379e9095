/* SPDX-License-Identifier: MIT */
/* SCHED_DEADLINE: sched(7), sched_setattr(2). */
#include "case.h"
#include <sched.h>

#define DEADLINE 6
#define RESET_ON_FORK 0x01
#define RECLAIM 0x02
#define OVERRUN 0x04
#define KEEP_POLICY 0x08
#define KEEP_PARAMS 0x10
#define MS 1000000ull

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static long set(uint64_t flags, uint64_t runtime, uint64_t deadline, uint64_t period)
{
	struct attributes asked = {.size = 48, .policy = DEADLINE, .flags = flags, .runtime = runtime,
	                           .deadline = deadline, .period = period};
	return syscall(SYS_sched_setattr, 0, &asked, 0);
}

static void tell(void)
{
	struct attributes now = {0};
	syscall(SYS_sched_getattr, 0, &now, 48, 0);
	say("  policy %u, flags %llu, nice %d, priority %u", now.policy,
	    (unsigned long long)now.flags, now.nice, now.priority);
	if (now.policy == DEADLINE)
		say("  %llu of %llu, %llu", (unsigned long long)now.runtime,
		    (unsigned long long)now.deadline, (unsigned long long)now.period);
}

static void kept(void *unused)
{
	struct sched_param none = {0};
	struct attributes asked = {.size = 48};
	struct timespec slice = {9, 9};
	(void)unused;
	setpriority(PRIO_PROCESS, 0, 3);
	GIVES(set(0, 10 * MS, 30 * MS, 40 * MS), "10 of 30, 40");
	tell();
	GIVES(set(0, 10 * MS, 20 * MS, 0), "without a period");
	tell();
	GIVES(set(RECLAIM | OVERRUN, 5 * MS, 20 * MS, 50 * MS), "with flags");
	tell();
	GIVES(sched_getscheduler(0), "policy");
	GIVES(sched_getparam(0, &none), "its parameter");
	say("  priority %d", none.sched_priority);
	GIVES(sched_rr_get_interval(0, &slice), "its slice");
	say("  %ld s %ld ns", (long)slice.tv_sec, (long)slice.tv_nsec);
	GIVES(getpriority(PRIO_PROCESS, 0), "nice");
	GIVES(sched_setparam(0, &none), "the old way");
	GIVES(sched_setscheduler(0, DEADLINE, &none), "and as a policy");
	asked.flags = KEEP_POLICY;
	asked.runtime = 7 * MS, asked.deadline = 21 * MS;
	GIVES(syscall(SYS_sched_setattr, 0, &asked, 0), "keep the policy");
	tell();
	asked.flags = KEEP_PARAMS;
	asked.policy = SCHED_OTHER;
	GIVES(syscall(SYS_sched_setattr, 0, &asked, 0), "keep the parameters");
	tell();
	asked = (struct attributes){.size = 48, .nice = 5};
	GIVES(syscall(SYS_sched_setattr, 0, &asked, 0), "an ordinary one again");
	tell();
}

static void wrong(void *unused)
{
	(void)unused;
	GIVES(set(0, 0, 0, 0), "nothing");
	GIVES(set(0, 0, 10 * MS, 10 * MS), "no runtime");
	GIVES(set(0, 1023, 10 * MS, 10 * MS), "1023 ns");
	GIVES(set(0, 1024, 10 * MS, 10 * MS), "1024 ns");
	GIVES(set(0, 11 * MS, 10 * MS, 20 * MS), "runtime behind the deadline");
	GIVES(set(0, 5 * MS, 21 * MS, 20 * MS), "deadline behind the period");
	GIVES(set(0, 5 * MS, 1ull << 63, 1ull << 63), "the highest bit");
	GIVES(set(0, 5 * MS, 6 * MS, 5000 * MS), "a long period");
	GIVES(set(0, 20000, 90000, 90000), "a short one");
	GIVES(set(1ull << 30, 5 * MS, 20 * MS, 0), "an odd flag");
	struct attributes asked = {.size = 48, .policy = DEADLINE, .priority = 1, .runtime = MS,
	                           .deadline = 5 * MS};
	GIVES(syscall(SYS_sched_setattr, 0, &asked, 0), "a priority");
	tell();
}

/* It is not doubled: fork(2), EAGAIN. */
static void forks(void *unused)
{
	(void)unused;
	set(0, 5 * MS, 50 * MS, 0);
	SUCCEEDS(fork(), "fork");
	GIVES(set(RESET_ON_FORK, 5 * MS, 50 * MS, 0), "reset on fork");
	tell();
	pid_t child = fork();
	if (child == 0) {
		say("in the child");
		tell();
		_exit(0);
	}
	waitpid(child, NULL, 0);
	say("forked %d", child > 0);
}

static void without_right(void *unused)
{
	(void)unused;
	if (setresuid(4567, 4567, 4567))
		say("no other user");
	GIVES(set(0, 5 * MS, 50 * MS, 0), "without the right");
	GIVES(set(0, 0, 50 * MS, 0), "and wrong");
}

int main(void)
{
	child_status(kept, NULL);
	child_status(wrong, NULL);
	child_status(forks, NULL);
	child_status(without_right, NULL);
	return 0;
}
