/* SPDX-License-Identifier: MIT */
/* Condition variables (Hoare/Mesa style: test again after each wake). */
#pragma once

#include "kernel/sync/mutex.h"

struct condition {
	struct wait_queue waiters;
};

#define CONDITION_INIT(variable) {.waiters = WAIT_QUEUE_INIT((variable).waiters)}

void condition_init(struct condition *);
/* Gives up the mutex, sleeps until signalled, takes it again. */
void condition_wait(struct condition *, struct mutex *);
/* The same, but -EINTR if interrupted, -ETIMEDOUT at `deadline` (ns of clock_now()). */
int condition_wait_interruptible(struct condition *, struct mutex *, uint64_t deadline);
void condition_signal(struct condition *);
void condition_broadcast(struct condition *);
