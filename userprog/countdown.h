/* SPDX-License-Identifier: MIT */
/*
 * Countdowns: what setitimer(2), timer_create(2), timerfd_create(2) and RLIMIT_CPU have in
 * common. Each has a clock, a deadline on it, and an interval after which it comes again.
 *
 *   monotonic, wall   a timer of kernel/time; one on the wall clock is set anew when that is
 *   processor, user   what its process has used, in all or in user mode: looked at by the ticks
 *                     that find the process running, so up to a tick late
 *
 * When it is over `expired` is called, with process_lock held, perhaps in an interrupt. It does
 * not begin again by itself: countdown_forward_locked. One that has an interval may rest instead, its
 * deadline past, until somebody wants to know how often it came.
 */
#pragma once

#include "kernel/time/clock.h"
#include "lib/list.h"
#include "lib/types.h"

struct process;
struct thread;

enum countdown_clock { COUNT_MONOTONIC, COUNT_WALL, COUNT_PROCESSOR, COUNT_USER };

/* All fields: process_lock. */
struct countdown {
	enum countdown_clock clock;  /* constant, like `process` and `expired` */
	struct process *process;     /* whose use of the processor counts; else NULL */
	void (*expired)(struct countdown *);
	uint64_t deadline;           /* on its clock, ns; 0: it does not run */
	uint64_t interval;           /* ns; 0: once */
	bool started;                /* ever: else there is nothing to end */
	bool rests;                  /* it was over, and goes on when it is set anew */
	struct timer timer;
	struct list_link link;       /* of all on the wall clock, or of its process */
};

/* How much there is left, and what comes then. ns; 0: it does not run, and: only once. */
struct countdown_setting {
	uint64_t left, interval;
};

void countdown_init(struct countdown *, enum countdown_clock, struct process *,
                    void (*expired)(struct countdown *));
/* Whether its clock is the use of the processor, so that ticks look at it. */
bool countdown_counts_use(const struct countdown *);
/* What its clock shows now. */
uint64_t countdown_now(const struct countdown *);
/* Starts it, or starts it anew; deadline 0: stops it. One whose deadline is past expires soon.
 * process_lock held. */
void countdown_set_locked(struct countdown *, uint64_t deadline, uint64_t interval);
/* Stops it for good: after that `expired` does not run any more. process_lock not held. */
void countdown_end(struct countdown *);
/* What is left of it at `now` on its clock; of one that is over and has an interval, to its next
 * time. */
struct countdown_setting countdown_left_locked(const struct countdown *, uint64_t now);
/* It is over: how often it came from its deadline to `now` on its clock, at least once. */
uint64_t countdown_times_locked(const struct countdown *, uint64_t now);
/* It is over: sets it for its next time that is not past, or stops it if there is none. How
 * many times came, this one included. process_lock held. */
uint64_t countdown_forward_locked(struct countdown *);

/* The wall clock has been set. process_lock not held. */
void countdown_wall_changed(void);
/* The process has a thread more. process_lock held. */
void countdown_threads_changed_locked(struct process *);
/* At a tick: the thread's process has used as much of the processor as one of its countdowns
 * waits for. The door of kernel/sched. */
void countdown_processor_used(struct thread *);
