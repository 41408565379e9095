/* SPDX-License-Identifier: MIT */
/* What a demo says, and whether it proves it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/prctl.h>

#include "userprog/bin/demo/demo.h"

bool quiet;
unsigned failures;

static void tell(const char *before, const char *format, va_list arguments)
{
	fputs(before, stdout);
	vprintf(format, arguments);
	putchar('\n');
}

/* A trace notes what a process is called; so these are chapters and bounds in it. */
static void mark(const char *words)
{
	char name[16];

	syscall(SYS_prctl, PR_GET_NAME, name, 0, 0, 0);
	syscall(SYS_prctl, PR_SET_NAME, words, 0, 0, 0);
	syscall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0);
}

void measuring(bool begins)
{
	mark(begins ? MARK_BEGINS : MARK_ENDS);
}

void say(const char *format, ...)
{
	va_list arguments;

	if (quiet)
		return;
	va_start(arguments, format);
	tell("", format, arguments);
	va_end(arguments);
}

void step(const char *format, ...)
{
	va_list arguments;

	if (quiet)
		return;
	mark(MARK_STEP);
	va_start(arguments, format);
	tell("\n== ", format, arguments);
	va_end(arguments);
}

void claim(bool holds, const char *format, ...)
{
	va_list arguments;

	failures += !holds;
	va_start(arguments, format);
	tell(holds ? "  -> " : "  -> NOT SO: ", format, arguments);
	va_end(arguments);
}

void try_next(const char *hints)
{
	if (!quiet)
		printf("\nTry next:\n%s", hints);
}

void give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell("demo: cannot be shown here: ", format, arguments);
	va_end(arguments);
	exit(2);
}
