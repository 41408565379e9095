/* SPDX-License-Identifier: MIT */
/*
 * A stack grows to its limit and no further: an endless recursion ends by SIGSEGV, and not before
 * it has used most of RLIMIT_STACK, nor after more than that.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

static volatile uintptr_t *deepest; /* shared with the parent */

static __attribute__((noinline)) int descend(int depth)
{
	volatile char mine[1024];

	mine[0] = depth;
	*deepest = (uintptr_t)mine;
	return depth < 0 ? 0 : descend(depth + 1) + mine[0];
}

static void overflow(void *unused)
{
	struct rlimit limit = {2 * MIB, 2 * MIB};

	(void)unused;
	CHECK(setrlimit(RLIMIT_STACK, &limit) == 0, "the limit can be set");
	descend(0);
}

int main(void)
{
	char top;
	struct death death;
	uintptr_t used;

	deepest = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(deepest != MAP_FAILED, "shared memory");
	death = death_of(overflow, NULL);
	used = (uintptr_t)&top - *deepest;
	CHECK(death.signal == SIGSEGV, "an overflowing stack is a SIGSEGV, not %d", death.signal);
	CHECK(used > 3 * MIB / 2, "most of the 2 MiB could be used, not only %zu", (size_t)used);
	CHECK(used < 2 * MIB + 64 * 1024, "not more than the limit: %zu", (size_t)used);
	CHECK(death.address < *deepest && *deepest - death.address < 16 * PAGE,
	      "si_addr lies just below the deepest frame");
	say("the stack of 2 MiB ended after %zu KiB", (size_t)used / 1024);
	return 0;
}
