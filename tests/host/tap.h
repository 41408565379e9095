/* SPDX-License-Identifier: MIT */
/*
 * A check is one line of the Test Anything Protocol. A test program calls CHECK and
 * check_that, and ends with `return tap_done();`.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

static int tap_checks, tap_failures;

/* Reports one check under a name; returns whether it held. */
static inline bool check_that(bool holds, const char *name)
{
	tap_checks++;
	if (!holds)
		tap_failures++;
	printf("%s %d - %s\n", holds ? "ok" : "not ok", tap_checks, name);
	return holds;
}

#define CHECK(condition) check_that(condition, #condition)

/* The plan line, and the exit status: 0 if all checks held. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_checks);
	return tap_failures ? 1 : 0;
}
