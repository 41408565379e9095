/* SPDX-License-Identifier: MIT */
/* Times of the system-call interface, in both widths, as nanoseconds; and deadlines. */
#pragma once

#include "lib/types.h"

#define NS_PER_MICROSECOND 1000u

/* A struct timespec in user memory, with 32-bit or 64-bit seconds. 0, -EFAULT, -EINVAL
 * (negative, or a second's worth of nanoseconds and more). */
int time_from_user32(const void *user_time, uint64_t *ns);
int time_from_user64(const void *user_time, uint64_t *ns);
/* 0 or -EFAULT. */
int time_to_user32(void *user_time, uint64_t ns);
int time_to_user64(void *user_time, uint64_t ns);
/* A struct timeval. */
int timeval_from_user(const void *user_time, uint64_t *ns);
int timeval_to_user(void *user_time, uint64_t ns);

/* now + ns, or for ever if that is beyond all time. */
uint64_t time_after(uint64_t now, uint64_t ns);
/* The moment that is as far from now as a time in user memory says, of the form that one of those
 * above reads; NULL: WAIT_FOREVER. 0, -EFAULT, -EINVAL. */
typedef int time_reader(const void *user_time, uint64_t *ns);
int deadline_from_user(const void *user_time, time_reader *read, uint64_t *deadline);
/* The same of milliseconds; fewer than 0: WAIT_FOREVER. */
uint64_t deadline_in(int milliseconds);
/* What the monotonic clock shows when the wall clock shows this. */
uint64_t time_of_realtime(uint64_t ns);
/* The wall clock was set, or goes at another rate: who waits for a time that it shows, and who tells the
 * time by himself, hears of it. May sleep. */
void wall_clock_changed(void);

/* For calls that take a relative time and go on after a signal without handler: the
 * deadline of the first attempt, if this is a later one. */
uint64_t restart_deadline(uint64_t deadline);
/* What such a call returns when it is interrupted. */
int restart_later(uint64_t deadline);
