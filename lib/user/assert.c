/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void __assert_fail(const char *condition, const char *file, int line, const char *function)
{
	fprintf(stderr, "%s: %s:%d: %s: Assertion `%s' failed.\n",
	        program_invocation_short_name, file, line, function, condition);
	abort();
}
