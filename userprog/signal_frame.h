/* SPDX-License-Identifier: MIT */
/* Signal frames: the user stack as Linux i386 leaves it for a handler, and the way back. */
#pragma once

#include "userprog/signal.h"

/* Writes the handler's frame to the user stack and makes the registers start the handler.
 * 0 or -EFAULT. `blocked` is what sigreturn shall restore. May sleep. */
int signal_frame_push(struct task *, struct trap_frame *, int signal,
                      const struct signal_action *, const struct signal_info *,
                      signal_set blocked);

/* The calls that end a handler: they restore the registers that the frame holds, with
 * nothing in them that a program may not set. */
int32_t sys_sigreturn(void);
int32_t sys_rt_sigreturn(void);
