/* SPDX-License-Identifier: MIT */
/* What a demo says, and whether it proves it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "userprog/bin/demo/demo.h"

bool quiet;
unsigned failures;

static void tell(const char *before, const char *format, va_list arguments)
{
	fputs(before, stdout);
	vprintf(format, arguments);
	putchar('\n');
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
