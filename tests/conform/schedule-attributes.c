/* SPDX-License-Identifier: MIT */
/* sched_setattr(2), sched_getattr(2): policy, priority and nice value at once, sizes of the
 * structure, flags, and what one may not without the right. */
#include "case.h"
#include <sched.h>

#define KEEP_POLICY 0x08
#define KEEP_PARAMS 0x10
#define RESET_ON_FORK 0x01

struct attributes { /* the first size of it, and what came later */
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t least, most;
	uint64_t later[8];
};

static long set(uint32_t size, uint32_t policy, uint64_t flags, int nice, uint32_t priority)
{
	struct attributes asked = {.size = size, .policy = policy, .flags = flags, .nice = nice,
	                           .priority = priority};
	long done = syscall(SYS_sched_setattr, 0, &asked, 0);
	int error = errno;

	if (asked.size != size)
		say("  the size is told: %d", asked.size >= 48);
	errno = error;
	return done;
}

static void tell(const char *when)
{
	struct attributes now = {0};
	GIVES(syscall(SYS_sched_getattr, 0, &now, 48, 0), "%s", when);
	say("  size %u, policy %u, flags %llu, nice %d, priority %u", now.size, now.policy,
	    (unsigned long long)now.flags, now.nice, now.priority);
}

static void with_right(void *unused)
{
	(void)unused;
	tell("at first");
	GIVES(set(48, SCHED_OTHER, 0, 7, 0), "nice 7");
	tell("then");
	say("getpriority %d", getpriority(PRIO_PROCESS, 0));
	GIVES(set(48, SCHED_BATCH, 0, 99, 0), "nice 99");
	tell("then");
	GIVES(set(48, SCHED_FIFO, RESET_ON_FORK, 3, 50), "fifo");
	tell("then");
	GIVES(set(48, SCHED_RR, KEEP_POLICY, 0, 20), "another priority");
	tell("then");
	GIVES(set(48, SCHED_RR, KEEP_PARAMS, 0, 0), "another policy");
	tell("then");
	GIVES(set(48, SCHED_OTHER, 0, -20, 0), "nice -20");
	tell("then");
	GIVES(set(48, SCHED_IDLE, 0, 5, 0), "idle");
	GIVES(syscall(SYS_sched_getscheduler, 0), "policy");
}

static void wrong(void *unused)
{
	struct attributes asked = {.size = 48};
	(void)unused;
	GIVES(set(48, 4, 0, 0, 0), "policy 4");
	GIVES(set(48, -1, 0, 0, 0), "policy -1");
	GIVES(set(48, SCHED_OTHER, 0, 0, 1), "a priority for SCHED_OTHER");
	GIVES(set(48, SCHED_FIFO, 0, 0, 0), "none for SCHED_FIFO");
	GIVES(set(48, SCHED_FIFO, 0, 0, 100), "100");
	GIVES(set(48, SCHED_OTHER, 1ull << 40, 0, 0), "an odd flag");
	GIVES(set(0, SCHED_OTHER, 0, 0, 0), "size 0");
	GIVES(set(47, SCHED_OTHER, 0, 0, 0), "size 47");
	GIVES(set(5000, SCHED_OTHER, 0, 0, 0), "size 5000");
	GIVES(set(sizeof asked, SCHED_OTHER, 0, 0, 0), "zeros behind it");
	asked.size = sizeof asked;
	asked.later[7] = 1;
	GIVES(syscall(SYS_sched_setattr, 0, &asked, 0), "no zeros behind it");
	asked.size = 48;
	GIVES(syscall(SYS_sched_setattr, 0, &asked, 1), "flags of the call");
	GIVES(syscall(SYS_sched_setattr, -1, &asked, 0), "of -1");
	GIVES(syscall(SYS_sched_setattr, 0x7ffffff, &asked, 0), "of nobody");
	GIVES(syscall(SYS_sched_setattr, 0, NULL, 0), "none");
	GIVES(syscall(SYS_sched_setattr, 0, 8, 0), "a bad place");
	GIVES(syscall(SYS_sched_getattr, 0, &asked, 47, 0), "get 47");
	GIVES(syscall(SYS_sched_getattr, 0, &asked, 5000, 0), "get 5000");
	GIVES(syscall(SYS_sched_getattr, 0, &asked, 48, 1), "get with a flag");
	GIVES(syscall(SYS_sched_getattr, -1, &asked, 48, 0), "get of -1");
	GIVES(syscall(SYS_sched_getattr, 0x7ffffff, &asked, 48, 0), "get of nobody");
	GIVES(syscall(SYS_sched_getattr, 0, NULL, 48, 0), "get to nowhere");
	GIVES(syscall(SYS_sched_getattr, 0, 8, 48, 0), "get to a bad place");
}

static void without_right(void *unused)
{
	struct rlimit none = {0, 0};
	(void)unused;
	setrlimit(RLIMIT_RTPRIO, &none);
	setrlimit(RLIMIT_NICE, &none);
	if (setresuid(4567, 4567, 4567))
		say("no other user");
	GIVES(set(48, SCHED_OTHER, 0, 4, 0), "nicer");
	GIVES(set(48, SCHED_OTHER, 0, 2, 0), "less nice");
	GIVES(set(48, SCHED_FIFO, 0, 0, 1), "fifo");
	GIVES(set(48, SCHED_BATCH, 0, 4, 0), "batch");
	tell("then");
}

int main(void)
{
	child_status(with_right, NULL);
	child_status(wrong, NULL);
	child_status(without_right, NULL);
	return 0;
}
