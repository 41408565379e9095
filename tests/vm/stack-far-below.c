/* SPDX-License-Identifier: MIT */
/*
 * Growth on demand is for the stack alone: an access to unmapped memory far from any stack is a
 * SIGSEGV, above the stack's limit as below it.
 */
#include "tests/test.h"

int main(void)
{
	char here, *hole;

	hole = memory_map(16 * PAGE, PROT_READ | PROT_WRITE);
	CHECK(munmap(hole, 16 * PAGE) == 0, "unmap it again");
	CHECK_DIES(write_byte, hole + 3 * PAGE + 5, SIGSEGV, SEGV_MAPERR, hole + 3 * PAGE + 5);
	CHECK_DIES(read_byte, hole, SIGSEGV, SEGV_MAPERR, hole);
	CHECK_DIES(write_byte, &here - 512 * MIB, SIGSEGV, SEGV_MAPERR, &here - 512 * MIB);
	say("unmapped addresses end in SIGSEGV with MAPERR and the very address");
	return 0;
}
