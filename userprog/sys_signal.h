/* SPDX-License-Identifier: MIT */
/* Sending a signal as a program asks for it, with its rights. */
#pragma once

#include <linux/signal.h>

#include "lib/types.h"

/* As kill(2), or with `user_info` as rt_sigqueueinfo(2) does; id 0: there is no such process. */
int signal_send_to_one(pid_t id, int signal, const siginfo_t *user_info);
