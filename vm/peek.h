/* SPDX-License-Identifier: MIT */
/* Another program's memory, as a debugger sees and changes it: /proc/PID/mem. */
#pragma once

#include "lib/types.h"

struct spt;

/*
 * Copies n bytes of the space, or with `write` into it. Also into private pages that the program
 * may only read: they become its own, and it sees the change. Not where it may touch nothing, nor,
 * to write, into what others see and it may only read. Returns how far it came. No spt->lock held;
 * may sleep.
 */
size_t peek(struct spt *, uintptr_t address, void *bytes, size_t n, bool write);
