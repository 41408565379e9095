/* SPDX-License-Identifier: MIT */
/* A signal mask for the length of one call: sigsuspend(2), ppoll(2), pselect(2), epoll_pwait(2). */
#pragma once

#include "userprog/signal.h"

void signal_mask_lend(signal_set);
/* The same from a program's memory (NULL: no mask); `size` is what it says of that. 0, -EINVAL,
 * -EFAULT. */
int signal_mask_lend_user(const signal_set *user_mask, size_t size);
/* interrupted: the call ends for a signal, whose handler runs before the old mask is back;
 * the call returns -ERESTARTNOHAND or -EINTR. */
void signal_mask_return(bool interrupted);
