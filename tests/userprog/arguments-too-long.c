/* SPDX-License-Identifier: MIT */
/*
 * Arguments that are too long are E2BIG, and the caller goes on; 100 KiB of them are not.
 */
#include "tests/test.h"

static char large[3 * MIB];
static char *arguments[3] = {"short", large, NULL};

static void execute(void *unused)
{
	(void)unused;
	execve("/proc/self/exe", arguments, NULL);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		CHECK(strlen(argv[1]) == 100000 && argv[1][99999] == 'x', "100 KB arrived");
		return 0;
	}
	memset(large, 'x', sizeof(large) - 1);
	CHECK_ERRNO(execve("/proc/self/exe", arguments, NULL), E2BIG);
	large[100000] = '\0';
	in_child(execute, NULL);
	say("3 MiB are too much, 100 KB are not");
	return 0;
}
