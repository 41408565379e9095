/* SPDX-License-Identifier: MIT */
/* futex(2): sleep while a word of user memory has a value; wake those who sleep there. */
#pragma once

#include "lib/types.h"

/* Wakes up to `most` threads that wait on the word at this address of the current space.
 * How many, or -EFAULT. May sleep. */
int futex_wake(uintptr_t address, uint32_t most);
