/* SPDX-License-Identifier: MIT */
/*
 * A stack grows to its limit and no further: an endless recursion ends by SIGSEGV, and not before
 * it has used most of RLIMIT_STACK, nor after more than that. A single touch reaches the last page
 * that the limit allows, and none below it.
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

/* The end of the area that this function's frame lies in. */
static uintptr_t stack_end(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end = 0;
	char line[256], here;

	CHECK(maps, "/proc/self/maps can be read");
	while (fgets(line, sizeof(line), maps)) {
		char *rest;

		start = strtoul(line, &rest, 16);
		end = strtoul(rest + 1, NULL, 16);
		if (start <= (uintptr_t)&here && (uintptr_t)&here < end)
			break;
	}
	fclose(maps);
	return end;
}

static void touch_with_limit(void *address)
{
	struct rlimit limit = {2 * MIB, 2 * MIB};

	CHECK(setrlimit(RLIMIT_STACK, &limit) == 0, "the limit can be set");
	read_byte(address);
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
	char *last = (char *)stack_end() - 2 * MIB;
	CHECK(death_of(touch_with_limit, last).signal == 0, "the last page can be had");
	CHECK_DIES(touch_with_limit, last - 1, SIGSEGV, SEGV_MAPERR, last - 1);
	say("the stack of 2 MiB ended after %zu KiB", (size_t)used / 1024);
	return 0;
}
