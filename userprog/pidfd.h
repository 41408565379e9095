/* SPDX-License-Identifier: MIT */
/* Descriptors that stand for a process: pidfd_open(2). */
#pragma once

#include "lib/types.h"

struct process;

/* A new one among the current process's descriptors, closed by exec; O_NONBLOCK or 0. The number,
 * or -errno. May sleep. */
int pidfd_new(struct process *, uint32_t flags);
/* The id of the process, 0 if nobody has it any more; -EBADF: it is no such descriptor. `nonblock`:
 * waiting for it is to fail at once. */
pid_t pidfd_process(int number, bool *nonblock);
