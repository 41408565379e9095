/* SPDX-License-Identifier: MIT */
/* Page tables of LEVELS levels, in memory from posix_memalign. */
#include "translate.h"

#include <stdlib.h>
#include <string.h>

uintptr_t root;

uintptr_t translate(uint64_t address)
{
	/* Yours to write. */
	(void)address;
	return NOWHERE;
}

int page_allocate(uint64_t address)
{
	/* Yours to write. */
	(void)address;
	return -1;
}
