/* SPDX-License-Identifier: MIT */
/* How long the machine has been on: the firmware's part is the same for every kernel. */
#include "tests/bench/bench.h"

int main(void)
{
	tell("boot", ticks());
	return 0;
}
