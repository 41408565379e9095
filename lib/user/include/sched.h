/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/sched.h>
#include <sys/types.h>

int sched_yield(void);
/* clone(2), as C libraries have it: run(argument) on a stack that ends there; what it returns is its
 * exit status. With CLONE_VM all is shared, errno too, unless tls says otherwise. */
int clone(int (*run)(void *), void *stack_end, int flags, void *argument, pid_t *parent_id, void *tls,
          pid_t *child_id);
