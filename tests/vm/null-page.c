/* SPDX-License-Identifier: MIT */
/*
 * Page 0 is never there: reading, writing and calling a null pointer end in SIGSEGV at the very
 * address, also with an offset as for a member of a structure.
 */
#include "tests/test.h"

static void call(void *address)
{
	((void (*)(void))address)();
}

int main(void)
{
	for (uintptr_t address = 0; address < PAGE; address += 1365) {
		CHECK_DIES(read_byte, (void *)address, SIGSEGV, SEGV_MAPERR, address);
		CHECK_DIES(write_byte, (void *)address, SIGSEGV, SEGV_MAPERR, address);
	}
	CHECK_DIES(call, NULL, SIGSEGV, SEGV_MAPERR, 0);
	say("null pointers were caught");
	return 0;
}
