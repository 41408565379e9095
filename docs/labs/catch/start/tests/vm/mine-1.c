/* SPDX-License-Identifier: MIT */
/*
 * What is claimed, in a sentence or two.
 */
#include "tests/test.h"

int main(void)
{
	CHECK(getpid() > 0, "a process has a number");
	return 0;
}
