/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/sched.h>
#include <sys/types.h>

int sched_yield(void);
