/* SPDX-License-Identifier: MIT */
/* The timers of a process: setitimer(2), timer_create(2), and RLIMIT_CPU. */
#pragma once

#include "userprog/countdown.h"

/* The two widths of struct itimerspec. */
struct setting_form {
	size_t size; /* of one of its two times: the interval comes first */
	int (*read)(const void *user_time, uint64_t *ns);
	int (*write)(void *user_time, uint64_t ns);
};
extern const struct setting_form setting_form32, setting_form64;
/* 0, -EFAULT, -EINVAL. */
int setting_from_user(const struct setting_form *, const char *user_setting,
                      struct countdown_setting *);
int setting_to_user(const struct setting_form *, char *user_setting,
                    const struct countdown_setting *);


/* A process that nobody else knows yet has none. Its limits are there. */
void timers_init(struct process *);
/* exec: those of timer_create(2) are gone. */
void timers_delete_created(struct process *);
/* Its thread ends: there are none any more, for good. May wait for one that rings. */
void timers_end(struct process *);
/* A SIGALRM that was sent to the process has been taken. process_lock held. */
void timers_alarm_taken_locked(struct process *);
/* RLIMIT_CPU has changed. */
void timers_limit_processor(struct process *);
