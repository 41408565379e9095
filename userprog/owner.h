/* SPDX-License-Identifier: MIT */
/* The owners of open files as programs name them: fcntl(2), "Managing signals". What they are told
 * of: kernel/owner.h. */
#pragma once

#include "lib/types.h"

struct file;

/* The door that sends signals to owners. */
void owner_init(void);

/* F_SETOWN and F_GETOWN. `who` < 0: a group. 0, -EINVAL, -ESRCH, -ENOMEM,
 * -ENOSPC; the same, or 0: nobody. */
int owner_name(struct file *, pid_t who);
pid_t owner_named(const struct file *);
/* F_SETOWN_EX, F_GETOWN_EX, F_SETSIG, F_GETSIG. -EINVAL: it is none of them. */
int32_t owner_control(struct file *, int command, uintptr_t argument);
/* Whom signals tell unless somebody was named: the calling process. 0, -ENOMEM, -ENOSPC. */
int owner_name_caller(struct file *);
/* Sets or clears O_ASYNC by this descriptor. 0, -ENOMEM, -ENOSPC; -ENOTTY: the file tells nobody anything. */
int owner_set_async(struct file *, int number, bool on);
