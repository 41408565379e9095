/* SPDX-License-Identifier: MIT */
/*
 * A program gets its arguments and its environment as execve(2) was given them: count, order,
 * empty strings and long ones.
 */
#include "tests/test.h"

extern char **environ;

int main(int argc, char **argv)
{
	static char large[20000];
	char *arguments[] = {"first", "", "with space", large, "last", NULL};
	char *environment[] = {"PAGODA=a=b", "EMPTY=", NULL};

	memset(large, 'L', sizeof(large) - 1);
	if (argc != 5 || strcmp(argv[0], "first") != 0) {
		execve("/proc/self/exe", arguments, environment);
		CHECK(false, "execve works");
	}
	for (int i = 0; i < 5; i++)
		CHECK(strcmp(argv[i], arguments[i]) == 0, "argument %d", i);
	CHECK(!argv[5], "a null pointer ends the arguments");
	CHECK(strcmp(getenv("PAGODA"), "a=b") == 0, "the first variable");
	CHECK(strcmp(getenv("EMPTY"), "") == 0, "the second");
	CHECK(environ[0] && environ[1] && !environ[2], "and no others");
	say("5 arguments and 2 variables arrived");
	return 0;
}
