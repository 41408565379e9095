/* SPDX-License-Identifier: MIT */
/* Limits and use of resources. */
#pragma once

#include <linux/time.h>

/* The same two longs under the name that programs know. */
#define __kernel_old_timeval timeval
#include <linux/resource.h>
#undef __kernel_old_timeval

#include <sys/types.h>

typedef unsigned long rlim_t;

int getrlimit(int resource, struct rlimit *);
int setrlimit(int resource, const struct rlimit *);
int prlimit(pid_t, int resource, const struct rlimit *new_limit, struct rlimit *old_limit);
int getrusage(int who, struct rusage *);
int getpriority(int which, id_t who);
int setpriority(int which, id_t who, int priority);
