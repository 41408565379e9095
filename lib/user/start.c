/* SPDX-License-Identifier: MIT */
/* The beginning and the end of a program: from the kernel's stack to main, and exit. */
#include "lib/number.h"

#include <errno.h>
#include <linux/auxvec.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXIT_FUNCTIONS 32 /* as many as ISO C promises */

int errno;
char **environ;
char *program_invocation_name, *program_invocation_short_name;

static const unsigned long *auxiliary_vector; /* pairs of type and value */
static void (*exit_functions[EXIT_FUNCTIONS])(void);
static unsigned exit_function_count;

int main(int argc, char **argv, char **envp);
_Noreturn void __start(char **stack);

/* Flushes all streams. Only in programs that use one. */
extern void __streams_flush(void) __attribute__((weak));

static void range_error(void)
{
	errno = ERANGE;
}

void __start(char **stack)
{
	int argc = (int)(uintptr_t)stack[0];
	char **argv = stack + 1, **end;

	environ = end = argv + argc + 1;
	while (*end)
		end++;
	auxiliary_vector = (const unsigned long *)(end + 1);
	number_saturated = range_error;
	program_invocation_name = argc ? argv[0] : "";
	program_invocation_short_name = basename(program_invocation_name);
	exit(main(argc, argv, environ));
}

unsigned long getauxval(unsigned long type)
{
	const unsigned long *pair;

	for (pair = auxiliary_vector; pair[0] != AT_NULL; pair += 2)
		if (pair[0] == type)
			return pair[1];
	errno = ENOENT;
	return 0;
}

int atexit(void (*function)(void))
{
	if (exit_function_count == EXIT_FUNCTIONS)
		return -1;
	exit_functions[exit_function_count++] = function;
	return 0;
}

void exit(int status)
{
	while (exit_function_count)
		exit_functions[--exit_function_count]();
	if (__streams_flush)
		__streams_flush();
	_exit(status);
}

void _exit(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

void _Exit(int status)
{
	_exit(status);
}

/* A handler for SIGABRT may run and jump away; if it returns, the default action ends
 * the program all the same. */
void abort(void)
{
	sigset_t only_abort;

	sigemptyset(&only_abort);
	sigaddset(&only_abort, SIGABRT);
	sigprocmask(SIG_UNBLOCK, &only_abort, NULL);
	raise(SIGABRT);
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
	_exit(127);
}
