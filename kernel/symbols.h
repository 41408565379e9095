/* SPDX-License-Identifier: MIT */
/* The kernel's own symbol table, made by scripts/symbols.py and linked in. */
#pragma once

#include "lib/types.h"

/* The function that contains the address, and how far into it that is; NULL if the
 * address is not in the kernel's code. */
const char *symbol_find(uintptr_t address, uint32_t *offset);
