/* SPDX-License-Identifier: MIT */
/* struct rusage, as getrusage(2) and wait4(2) give it. */
#pragma once

struct rusage;
struct usage;

/* 0 or -EFAULT. */
int usage_to_user(struct rusage *user_usage, const struct usage *);
