/* SPDX-License-Identifier: MIT */
/*
 * The terminal and the processes: which session it controls, which process group is in the
 * foreground, and what happens to those in the background (POSIX.1-2017, 11.1). The tty
 * itself only keeps the two numbers.
 */
#pragma once

#include "lib/types.h"

struct file;

/* Doors of the tty: ^C and its kin. */
void terminal_init(void);

/* Whether the file is the terminal. */
bool terminal_is(const struct file *);
/* Before a read (SIGTTIN), or a write or change of settings (SIGTTOU), by the caller: a
 * process in the background gets the signal. 0: go on; -EIO, -ERESTARTSYS. */
int terminal_check(const struct file *, int signal);
/* The caller has opened it without O_NOCTTY: becomes its session's controlling terminal if
 * it leads a session without one and nobody else has it. */
void terminal_opened(const struct file *);
/* ioctl_tty(2) as far as processes are concerned. True if it was one of these; *result. */
bool terminal_ioctl(const struct file *, uint32_t command, uintptr_t argument, int *result);
