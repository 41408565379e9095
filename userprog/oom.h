/* SPDX-License-Identifier: MIT */
/* When memory and swap are both full: who is ended. */
#pragma once

#include "lib/types.h"

struct process;

/* Fills the door of vm/evict. */
void oom_init(void);
/* How likely the process is to be chosen, as /proc/PID/oom_score shows it: 0, never, to 2000. */
uint32_t oom_score(struct process *);
