/* SPDX-License-Identifier: MIT */
#pragma once

#include <linux/time.h>
#include <sys/select.h>
#include <sys/types.h>

int gettimeofday(struct timeval *, void *zone);
int getitimer(int which, struct itimerval *);
int setitimer(int which, const struct itimerval *, struct itimerval *old);

#define timercmp(a, b, relation)                                                  \
	((a)->tv_sec == (b)->tv_sec ? (a)->tv_usec relation (b)->tv_usec          \
	                            : (a)->tv_sec relation (b)->tv_sec)
#define timerisset(time) ((time)->tv_sec || (time)->tv_usec)
#define timerclear(time) ((void)((time)->tv_sec = (time)->tv_usec = 0))
