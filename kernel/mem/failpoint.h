/* SPDX-License-Identifier: MIT */
/*
 * Failing an allocation on purpose: /proc/self/fail-nth, as Linux's fault injection has it.
 * Writing N makes the Nth allocation from now on, by this thread, fail; once. Only in kernels
 * built for testing (DEBUG=1); else there is nothing of it.
 */
#pragma once

#include "lib/types.h"

#ifdef PAGODA_DEBUG
#include "kernel/sched/thread.h"

/* Counts one allocation; true if it is the one to fail. */
static inline bool failpoint_strikes(void)
{
	struct thread *thread = thread_current();
	return thread && thread->fail_after > 0 && --thread->fail_after == 0;
}
#else
static inline bool failpoint_strikes(void)
{
	return false;
}
#endif
