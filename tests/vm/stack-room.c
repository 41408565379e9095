/* SPDX-License-Identifier: MIT */
/*
 * A larger limit of the stack is not just a number: mappings leave so much room below it, and the
 * stack may use all of that. (The limit is that of the program's start.)
 */
#include "tests/test.h"

#define LIMIT (512 * MIB)

static int with_room(void)
{
	char here;
	uintptr_t top = (uintptr_t)&here;
	char *memory = memory_map(16 * MIB, PROT_READ | PROT_WRITE);
	volatile char *deep = &here - (LIMIT - 32 * MIB);

	CHECK(top - (uintptr_t)memory > LIMIT, "the mapping lies below the room: %p", memory);
	page_fill(memory, 1);
	*deep = 5;
	CHECK(*deep == 5, "the stack has grown to %p", deep);
	CHECK(deep[-(int)PAGE] == 0, "and grows on");
	CHECK(page_has(memory, 1), "the mapping is untouched");
	say("%u MiB of stack, and mappings from %p down", LIMIT / MIB, memory + 16 * MIB);
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	(void)argv;
	if (argc > 1)
		return with_room();
	CHECK(getrlimit(RLIMIT_STACK, &limit) == 0, "the limit as it is");
	limit.rlim_cur = LIMIT;
	CHECK(setrlimit(RLIMIT_STACK, &limit) == 0, "a larger limit");
	execl("/proc/self/exe", "stack-room", "with-room", NULL);
	CHECK(false, "the program runs again");
	return 1;
}
