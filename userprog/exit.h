/* SPDX-License-Identifier: MIT */
/* The end of a process, and how its parent hears of it and of its stops. */
#pragma once

#include "lib/types.h"

struct process;

/* Ends the current process with this status, as wait(2) tells it: exit code << 8, or the
 * number of the signal. */
_Noreturn void process_exit(int status);

/* The process has stopped, goes on or has ended (CLD_...): wakes a parent that waits and
 * sends it the signal it wants. process_lock held. */
void exit_tell_parent_locked(struct process *, int cld_code, int status);

/* A vfork child no longer uses its parent's space. process_lock held. */
void exit_return_space_locked(struct process *);
