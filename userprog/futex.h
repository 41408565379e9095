/* SPDX-License-Identifier: MIT */
/* futex(2): sleep while a word of user memory has a value; wake those who sleep there. */
#pragma once

#include "lib/types.h"

struct task;

/* Wakes up to `most` threads, but at least one, that wait on the word at this address of the current space.
 * How many, or -EFAULT. May sleep. */
int futex_wake(uintptr_t address, int most);
/* The current thread ends, or runs another program: who waits for a lock that it holds, of the
 * list that it named (set_robust_list(2)), learns so. May sleep. */
void futex_owner_ends(struct task *);
