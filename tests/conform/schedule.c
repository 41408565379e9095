/* SPDX-License-Identifier: MIT */
/* sched(7): policies, priorities, slices, affinity, getcpu, with and without the right; what a
 * child has of it; getpriority(2) and setpriority(2). */
#include "case.h"
#include <sched.h>

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

static const int policies[] = {-1, 0, 1, 2, 3, 4, 5, 6, 8, 99};

static long set(int policy, int priority)
{
	return syscall(SYS_sched_setscheduler, 0, policy, &priority);
}

static void tell(const char *when)
{
	int priority = -7;
	GIVES(syscall(SYS_sched_getscheduler, 0), "%s", when);
	GIVES(syscall(SYS_sched_getparam, 0, &priority), "  parameter");
	say("  priority %d", priority);
}

static void ranges(void)
{
	for (unsigned i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		GIVES(syscall(SYS_sched_get_priority_min, policies[i]), "least of %d", policies[i]);
		GIVES(syscall(SYS_sched_get_priority_max, policies[i]), "most of %d", policies[i]);
	}
}

static void each_policy(void *unused)
{
	static const int priorities[] = {-1, 0, 1, 50, 99, 100};
	struct timespec slice;
	(void)unused;
	for (unsigned i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		for (unsigned k = 0; k < sizeof priorities / sizeof priorities[0]; k++)
			GIVES(set(policies[i], priorities[k]), "policy %d priority %d", policies[i],
			      priorities[k]);
		tell("then");
		GIVES(syscall(SYS_sched_rr_get_interval, 0, &slice), "slice");
	}
	set(SCHED_RR, 7);
	syscall(SYS_sched_rr_get_interval, 0, &slice);
	say("round robin: %ld.%09ld", (long)slice.tv_sec, slice.tv_nsec);
	set(SCHED_FIFO, 7);
	syscall(SYS_sched_rr_get_interval, 0, &slice);
	say("first in, first out: %ld.%09ld", (long)slice.tv_sec, slice.tv_nsec);
	int priority = 9;
	GIVES(syscall(SYS_sched_setparam, 0, &priority), "another priority");
	priority = 0;
	GIVES(syscall(SYS_sched_setparam, 0, &priority), "none");
	tell("then");
}

static void a_child_has(void *unused)
{
	(void)unused;
	for (int reset = 0; reset < 2; reset++) {
		GIVES(set(SCHED_FIFO | (reset ? SCHED_RESET_ON_FORK : 0), 5), "reset %d", reset);
		setpriority(PRIO_PROCESS, 0, -5);
		tell("parent");
		if (!fork()) {
			tell("child");
			say("nice %d", getpriority(PRIO_PROCESS, 0));
			_exit(0);
		}
		wait(NULL);
	}
}

static void without_right(void *unused)
{
	struct rlimit none = {0, 0};
	(void)unused;
	setrlimit(RLIMIT_RTPRIO, &none);
	setrlimit(RLIMIT_NICE, &none);
	if (setresuid(4567, 4567, 4567))
		say("no other user");
	GIVES(set(SCHED_BATCH, 0), "batch");
	GIVES(set(SCHED_FIFO, 1), "fifo");
	GIVES(set(SCHED_RR, 0), "round robin of 0");
	GIVES(set(SCHED_OTHER | SCHED_RESET_ON_FORK, 0), "reset on fork");
	GIVES(set(SCHED_OTHER, 0), "not any more");
	GIVES(set(SCHED_IDLE | SCHED_RESET_ON_FORK, 0), "idle");
	GIVES(set(SCHED_OTHER | SCHED_RESET_ON_FORK, 0), "not idle any more");
	int priority = 0;
	GIVES(syscall(SYS_sched_setscheduler, 1, SCHED_OTHER, &priority), "of process 1");
	GIVES(syscall(SYS_sched_setparam, 1, &priority), "parameter of process 1");
	unsigned long mask = 1;
	GIVES(syscall(SYS_sched_setaffinity, 1, sizeof mask, &mask), "affinity of process 1");
	GIVES(setpriority(PRIO_PROCESS, 0, 5), "nicer");
	GIVES(setpriority(PRIO_PROCESS, 0, 0), "less nice");
	GIVES(setpriority(PRIO_PROCESS, 1, 5), "process 1");
	GIVES(nice(-1), "nice -1");
}

static void wrong(void)
{
	int priority = 0;
	struct timespec slice;
	unsigned long mask[32];
	GIVES(syscall(SYS_sched_setscheduler, -1, 0, &priority), "of -1");
	GIVES(syscall(SYS_sched_setscheduler, 0x7ffffff, 0, &priority), "of nobody");
	GIVES(syscall(SYS_sched_setscheduler, 0, 0, NULL), "no parameter");
	GIVES(syscall(SYS_sched_setscheduler, 0, 0, 8), "a bad one");
	GIVES(syscall(SYS_sched_setparam, 0, NULL), "no parameter");
	GIVES(syscall(SYS_sched_setparam, -1, &priority), "of -1");
	GIVES(syscall(SYS_sched_setparam, 0, 8), "a bad one");
	GIVES(syscall(SYS_sched_getscheduler, -1), "of -1");
	GIVES(syscall(SYS_sched_getscheduler, 0x7ffffff), "of nobody");
	GIVES(syscall(SYS_sched_getparam, 0, NULL), "nowhere");
	GIVES(syscall(SYS_sched_getparam, -1, &priority), "of -1");
	GIVES(syscall(SYS_sched_getparam, 0, 8), "a bad place");
	GIVES(syscall(SYS_sched_rr_get_interval, -1, &slice), "slice of -1");
	GIVES(syscall(SYS_sched_rr_get_interval, 0x7ffffff, &slice), "slice of nobody");
	GIVES(syscall(SYS_sched_rr_get_interval, 0, 8), "slice, a bad place");
	SUCCEEDS(syscall(SYS_sched_getaffinity, 0, sizeof mask, mask), "affinity");
	say("  the first processor: %lu", mask[0] & 1);
	GIVES(syscall(SYS_sched_getaffinity, 0, 0, mask), "of 0 bytes");
	GIVES(syscall(SYS_sched_getaffinity, 0, 9, mask), "of 9 bytes");
	GIVES(syscall(SYS_sched_getaffinity, 0, sizeof mask, 8), "a bad place");
	GIVES(syscall(SYS_sched_getaffinity, 0x7ffffff, sizeof mask, mask), "of nobody");
	GIVES(syscall(SYS_sched_setaffinity, 0, sizeof mask, 8), "a bad mask");
	mask[0] = 1;
	GIVES(syscall(SYS_sched_setaffinity, 0, sizeof mask[0], mask), "the first");
	GIVES(syscall(SYS_sched_setaffinity, 0x7ffffff, sizeof mask[0], mask), "of nobody");
	mask[0] = 0;
	GIVES(syscall(SYS_sched_setaffinity, 0, sizeof mask[0], mask), "none");
	GIVES(syscall(SYS_sched_setaffinity, 0, 0, mask), "none, of 0 bytes");
	unsigned cpu = 99, node = 99;
	GIVES(syscall(SYS_getcpu, &cpu, &node, NULL), "getcpu");
	say("  %u %u", cpu, node);
	GIVES(syscall(SYS_getcpu, NULL, NULL, NULL), "getcpu to nowhere");
	GIVES(syscall(SYS_getcpu, 8, NULL, NULL), "getcpu to a bad place");
	GIVES(sched_yield(), "yield");
	GIVES(syscall(SYS_getpriority, 3, 0), "getpriority of an odd kind");
	GIVES(syscall(SYS_setpriority, -1, 0, 0), "setpriority of an odd kind");
	GIVES(syscall(SYS_getpriority, PRIO_PROCESS, 0x7ffffff), "of nobody");
	GIVES(syscall(SYS_setpriority, PRIO_PGRP, 0x7ffffff, 0), "of no group");
	GIVES(syscall(SYS_setpriority, PRIO_PROCESS, 0, 77), "very nice");
	GIVES(syscall(SYS_getpriority, PRIO_PROCESS, 0), "how nice");
}

int main(void)
{
	ranges();
	child_status(each_policy, NULL);
	child_status(a_child_has, NULL);
	child_status(without_right, NULL);
	wrong();
	return 0;
}
