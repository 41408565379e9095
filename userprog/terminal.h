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
/* The caller has opened the file. If it is /dev/tty: -ENXIO to whoever has no terminal. If
 * it is the terminal, and not opened with O_NOCTTY: it becomes the controlling one of the
 * session that the caller leads, unless another has it. */
int terminal_opened(const struct file *, bool no_controlling);
/* ioctl_tty(2) as far as processes are concerned. True if it was one of these; *result. */
bool terminal_ioctl(const struct file *, uint32_t command, uintptr_t argument, int *result);
