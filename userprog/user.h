/* SPDX-License-Identifier: MIT */
/*
 * What a user has of the machine, over all processes that run under the real id: for
 * RLIMIT_NPROC and RLIMIT_SIGPENDING (getrlimit(2)). It lives as long as it has a process.
 */
#pragma once

#include "lib/tree.h"
#include "lib/types.h"

struct process;

struct user {
	struct tree_node node;  /* process_lock, like all below: of all users, by uid */
	uint32_t processes;     /* zombies too; each holds on to this */
	uint32_t threads;       /* of those processes, beside their first ones */
	uint32_t signals;       /* pending, with what they tell; and timers that will send one */

	uint32_t counted;       /* oom.c's, like all below: the pass in which they were counted */
	int32_t pages;          /* what all have */
	struct process *largest; /* of those, */
	int32_t largest_pages;   /* which has so much */
};

static inline uint32_t user_id(const struct user *user)
{
	return user->node.key;
}

/* The process, which nobody else knows yet, begins under the user of its parent. */
void user_share(struct process *, const struct process *parent);
/* The process has this real uid from now on, and its count of signals goes along. 0, or
 * -EAGAIN: no memory, and nothing has changed. */
int user_become(struct process *, uint32_t uid);
/* The process is no more. process_lock not held. */
void user_leave(struct process *);
/* A thread that is not the first of the process begins, or ends. process_lock held. */
void user_thread_begins_locked(struct process *);
void user_thread_ends_locked(struct process *);
/* Whether the calling process, unless it is root's or has the right, has more companions than
 * RLIMIT_NPROC allows, threads counted, and one more if `one_more`. */
bool user_too_many(const struct process *, bool one_more);
