/* SPDX-License-Identifier: MIT */
/*
 * Signals that were sent and not yet acted on (signal(7)): two queues, of what was sent to the
 * thread (tkill(2), exceptions) and of what was sent to the process; the first comes first. In
 * each an ordinary signal is pending once, and tells what the first told. Real-time ones queue:
 * each sending counts, and they come in the order in which they were sent.
 *
 * A signal that is pending may have no entry, but only its bit: there was no memory, or
 * RLIMIT_SIGPENDING forbade it. Then nothing is known but that it came.
 *
 * All functions: process_lock held, none sleeps.
 */
#pragma once

#include "userprog/signal.h"

void signal_queue_init(struct signal_queue *);

/* Adds one. 0, or -EAGAIN: there can be no entry for another real-time one, and what it tells
 * matters, since kill(2) did not send it. The queue is the process's, or a thread's of it. */
int signal_queue_add_locked(struct process *, struct signal_queue *, int signal,
                            const struct signal_info *);
/* Adds a timer's own, if it is not there. */
void signal_queue_add_own_locked(struct signal_queue *, struct queued_signal *);
/* A timer is deleted: its own is not pending any more. */
void signal_queue_remove_own_locked(struct process *, struct queued_signal *);
/* Takes the first of the set that is pending for the thread, exceptions before others, else in order
 * of their numbers; its number, or 0: none is. */
int signal_queue_take_locked(struct task *, signal_set set, struct signal_info *);
/* Forgets all that is pending of the set: in one queue, or for the process and all its threads. */
void signal_queue_clear_locked(struct process *, struct signal_queue *, signal_set set);
void signal_queue_drop_locked(struct process *, signal_set set);
/* One more, or one less, that counts for RLIMIT_SIGPENDING. */
bool signal_queue_has_room_locked(const struct process *);
void signal_queue_count_locked(struct process *, int change);
