/* SPDX-License-Identifier: MIT */
/* Between thread.c and schedule.c. */
#pragma once

#include "kernel/sched/thread.h"

/* Where a new thread's life begins, reached by context_switch. */
_Noreturn void thread_begin(void);
/* What the idle thread does. */
void idle_loop(void *);
/* The current thread never runs again; the next one frees it. */
_Noreturn void thread_die(void);
/* Gives back what a thread that does not run consists of. */
void thread_free(struct thread *);
