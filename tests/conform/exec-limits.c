/* SPDX-License-Identifier: MIT */
/* execve(2), "Limits on size of arguments and environment": a string of 128 KiB, and of all a
 * quarter of RLIMIT_STACK; what fits arrives whole. */
#include "case.h"

static char text[131080];
static char *words[30000];

/* In the program: a sum over what it was given. */
static int show(int count, char **arguments, char **environment)
{
	unsigned sum = 0, bytes = 0, variables = 0;

	for (int i = 0; i < count; i++)
		for (char *c = arguments[i]; *c; c++, bytes++)
			sum = sum * 31 + (unsigned char)*c;
	for (; environment[variables]; variables++)
		for (char *c = environment[variables]; *c; c++, bytes++)
			sum = sum * 31 + (unsigned char)*c;
	say("%d arguments, %u variables, %u bytes, sum %x", count, variables, bytes, sum);
	return 0;
}

static void try(unsigned count, unsigned length, bool environment, rlim_t stack)
{
	static char *const few[] = {"child", NULL};
	int status;

	for (unsigned i = 0; i < sizeof text; i++)
		text[i] = 'a' + i % 26;
	text[length] = '\0';
	words[0] = "child";
	for (unsigned i = 1; i <= count; i++)
		words[i] = text;
	words[count + 1] = NULL;
	pid_t child = fork();
	if (child == 0) {
		struct rlimit limit = {stack, RLIM_INFINITY};
		setrlimit(RLIMIT_STACK, &limit);
		execve("/proc/self/exe", environment ? few : words, environment ? words : few);
		say("%s", error_name(errno));
		_exit(9);
	}
	waitpid(child, &status, 0);
	say("%u %s of %u, a stack of %llu KiB: %x", count, environment ? "variables" : "arguments",
	    length, (unsigned long long)stack >> 10, status);
}

int main(int count, char **arguments, char **environment)
{
	if (strcmp(arguments[0], "child") == 0)
		return show(count, arguments, environment);
	try(10, 100, false, 8 << 20);
	try(1, 131071, false, 8 << 20);
	try(1, 131072, false, 8 << 20);
	try(1, 131071, true, 8 << 20);
	try(1, 131072, true, 8 << 20);
	try(15, 131071, false, 8 << 20);
	try(16, 131071, false, 8 << 20);
	try(1500, 1000, true, 8 << 20);
	try(2200, 1000, false, 8 << 20);
	try(1, 131071, false, 4 << 20);
	try(7, 131071, false, 4 << 20);
	try(9, 131071, false, 4 << 20);
	try(100, 1000, false, 512 << 10);
	try(200, 1000, false, 512 << 10);
	try(40, 131071, false, 32 << 20);
	try(50, 131071, false, 32 << 20);
	try(20000, 1, true, 8 << 20);
	return 0;
}
