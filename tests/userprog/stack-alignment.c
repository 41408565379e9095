/* SPDX-License-Identifier: MIT */
/*
 * At its start a program finds its stack aligned to 16 bytes, whatever its arguments are.
 */
#include "tests/test.h"

#include <sys/auxv.h>

int main(int argc, char **argv)
{
	/* argc lies right below argv, and the stack pointer pointed to it. */
	CHECK(((uintptr_t)argv - 4) % 16 == 0, "aligned with %d arguments: %p", argc, argv);
	CHECK(((int *)argv)[-1] == argc, "argc lies below argv");
	if (argc < 9) {
		char *more[16] = {"a", "bc", "def", "ghij", "klmno", "p", "qr", "stu", "vwxyz"};

		more[argc + 1] = NULL;
		execv("/proc/self/exe", more);
		CHECK(false, "execve works");
	}
	say("aligned with 1 to 9 arguments");
	return 0;
}
