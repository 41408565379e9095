/* SPDX-License-Identifier: MIT */
/* A stopped tracee's registers in the forms that ptrace(2) has. process_lock held; none sleeps. */
#pragma once

#include "lib/types.h"

struct task;

#define REGISTER_WORDS 17u /* struct user_regs_struct: asm/ptrace-abi.h has their order */

void registers_get_locked(const struct task *, uint32_t words[REGISTER_WORDS]);
/* -EIO: a segment register cannot have that. Then none is changed. */
int registers_set_locked(struct task *, const uint32_t words[REGISTER_WORDS]);

/* A word of struct user. -EIO: there is none at that offset, or it cannot have that. */
int user_area_get_locked(const struct task *, uintptr_t offset, uint32_t *word);
int user_area_set_locked(struct task *, uintptr_t offset, uint32_t word);
