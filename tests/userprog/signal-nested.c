/* SPDX-License-Identifier: MIT */
/*
 * Handlers nest: another signal may interrupt a handler, the same one may not (unless SA_NODEFER),
 * and sa_mask blocks others meanwhile.
 */
#include "tests/test.h"

static char story[32];

static void tell(char c)
{
	size_t n = strlen(story);

	story[n] = c;
	story[n + 1] = '\0';
}

static void outer(int number)
{
	(void)number;
	tell('(');
	raise(SIGUSR2);
	tell(')');
}

static void inner(int number)
{
	(void)number;
	tell('i');
}

static void recurse(int number)
{
	tell('[');
	if (strlen(story) < 4)
		raise(number);
	tell(']');
}

static void expect(int flags, int blocked, void (*handler)(int), const char *want)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	if (blocked)
		sigaddset(&action.sa_mask, blocked);
	sigaction(SIGUSR1, &action, NULL);
	story[0] = '\0';
	raise(SIGUSR1);
	CHECK(strcmp(story, want) == 0, "the order is %s, not %s", want, story);
}

int main(void)
{
	signal(SIGUSR2, inner);
	expect(0, 0, outer, "(i)");
	expect(0, SIGUSR2, outer, "()i");
	expect(0, 0, recurse, "[][][]"); /* the next one waits until the handler has returned */
	expect(SA_NODEFER, 0, recurse, "[[[[]]]]");
	expect(SA_RESETHAND, 0, inner, "i");
	CHECK(signal(SIGUSR1, SIG_IGN) == SIG_DFL, "SA_RESETHAND forgot the handler");
	say("handlers in five orders");
	return 0;
}
