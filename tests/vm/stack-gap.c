/* SPDX-License-Identifier: MIT */
/*
 * A mapping just below the stack is not run into: the stack stops with SIGSEGV before it touches
 * the mapping, and leaves a gap.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

static char *below; /* two pages, 1 MiB below the stack pointer */

static __attribute__((noinline)) int descend(int depth)
{
	volatile char mine[2048];

	mine[0] = depth;
	return depth < 0 ? 0 : descend(depth + 1) + mine[0];
}

static void overflow(void *unused)
{
	(void)unused;
	descend(0);
}

int main(void)
{
	char here;
	uintptr_t address = ((uintptr_t)&here & ~(uintptr_t)(PAGE - 1)) - MIB;
	struct death death;

	below = mmap((void *)address, 2 * PAGE, PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(below == (char *)address, "memory can be mapped below the stack");
	page_fill(below, 1);
	page_fill(below + PAGE, 2);
	death = death_of(overflow, NULL);
	CHECK(death.signal == SIGSEGV, "the stack ends by SIGSEGV, not %d", death.signal);
	CHECK(death.address >= address + 2 * PAGE, "above the mapping");
	CHECK(page_has(below, 1) && page_has(below + PAGE, 2), "the mapping is untouched");
	say("the stack stopped %zu KiB above the mapping",
	    (size_t)(death.address - address - 2 * PAGE) / 1024);
	return 0;
}
