/* SPDX-License-Identifier: MIT */
/* The end of a process, and how its parent hears of it and of its stops. */
#pragma once

#include "lib/types.h"

struct process;
struct task;

#define CORE_DUMPED 0x80 /* in a status, with the signal's number: there is a file "core" */

/* Ends the current process, all its threads, with this status, as wait(2) tells it: exit code << 8,
 * or the number of the signal. */
_Noreturn void process_exit(int status);
/* Ends the current thread; the process too, if it was the last: with the status that process_exit
 * gave it, else with this one. */
_Noreturn void task_exit(int status);
/* The first half of process_exit: all other threads end, at the latest on their way out of the
 * kernel. Does not return if another one ends the process already, or runs another program. */
void exit_begin(int status);
/* The same for a core: the others stay at their end, with all that their notes want of them, until
 * exit_let_others_go. */
void exit_begin_core(int status);
/* Waits until the current thread is the only one that has not ended, or stays at its end, since the
 * others were told to. */
void exit_await_others(void);
/* They end now, with this status. */
void exit_let_others_go(int status);
/* For exec: the other threads end, and the current one is the process's first from now on, with its
 * number. -EAGAIN: another one is faster, or ends the process; the caller ends soon. May sleep. */
int exit_others_for_exec(void);
/* Which of CLD_EXITED, CLD_KILLED and CLD_DUMPED of sigaction(2) a status means. */
int exit_code_of(int status);

/* The process has stopped, goes on or has ended (CLD_...): wakes a parent that waits and
 * sends it the signal it wants. process_lock held. */
void exit_tell_parent_locked(struct process *, int cld_code, int status);
/* The same of a thread, to its tracer. */
void exit_tell_locked(struct task *, struct process *to, int cld_code, int status);
/* The zombie tells its tracer, or else its parent. True: nobody waits for it; it has left the tree
 * and the caller has its reference. process_lock held. */
bool exit_announce_locked(struct process *);

/* A vfork child no longer uses its parent's space. process_lock held. */
void exit_return_space_locked(struct process *);
