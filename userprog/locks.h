/* SPDX-License-Identifier: MIT */
/* The commands of fcntl(2) about record locks, for sys_file.c. */
#pragma once

#include "lib/types.h"

struct file;

/* F_GETLK, F_SETLK, F_SETLKW with a struct flock. */
int lock_control32(struct file *, int number, int command, void *user_lock);
/* The same with a struct flock64, and F_OFD_... */
int lock_control64(struct file *, int number, int command, void *user_lock);
