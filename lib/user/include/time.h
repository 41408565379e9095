/* SPDX-License-Identifier: MIT */
/* Clocks. Times have 32 bits of seconds, as in the i386 structures. */
#pragma once

#include <linux/time.h>
#include <stddef.h>
#include <sys/types.h>

#define CLOCKS_PER_SEC 1000000L

time_t time(time_t *);
clock_t clock(void);
int clock_gettime(clockid_t, struct timespec *);
int clock_getres(clockid_t, struct timespec *);
int clock_nanosleep(clockid_t, int flags, const struct timespec *, struct timespec *left);
int nanosleep(const struct timespec *, struct timespec *left);
