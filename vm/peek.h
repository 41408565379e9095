/* SPDX-License-Identifier: MIT */
/* Another program's memory, as a debugger sees and changes it: /proc/PID/mem. */
#pragma once

#include "lib/types.h"

struct spt;

enum peek {
	PEEK_READ,
	PEEK_WRITE, /* where the program may write, too */
	PEEK_FORCE  /* also into private pages that it may only read: they become its own */
};

/*
 * Copies n bytes of the space, or into it. Not where the program may touch nothing, nor, to write,
 * into what others see and it may only read. Returns how far it came. No spt->lock held; may sleep.
 */
size_t peek(struct spt *, uintptr_t address, void *bytes, size_t n, enum peek how);
