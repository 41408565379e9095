/* SPDX-License-Identifier: MIT */
/*
 * The heap stops at RLIMIT_DATA and before other mappings: brk(2) fails with ENOMEM and leaves
 * the end where it was.
 */
#include "tests/test.h"

static void with_limit(void *unused)
{
	struct rlimit limit = {4 * MIB, 4 * MIB};
	char *start = sbrk(0);

	(void)unused;
	CHECK(setrlimit(RLIMIT_DATA, &limit) == 0, "the limit can be set");
	CHECK_ERRNO(brk(start + 8 * MIB), ENOMEM);
	CHECK(sbrk(0) == start, "the end has not moved");
	CHECK(brk(start + MIB) == 0, "within the limit it moves");
}

int main(void)
{
	char *start = sbrk(0), *wall;

	in_child(with_limit, NULL);

	wall = (char *)(((uintptr_t)start + 2 * MIB) & ~(uintptr_t)(PAGE - 1));
	CHECK(mmap(wall, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	           0)
	      == wall, "a mapping in the way of the heap");
	wall[0] = 'w';
	CHECK_ERRNO(brk(wall + 2 * PAGE), ENOMEM);
	CHECK(sbrk(0) == start && wall[0] == 'w', "neither the end nor the mapping has changed");
	CHECK(brk(start + MIB) == 0, "below the mapping there is room");
	start[MIB - 1] = 1;
	say("brk refused to pass the limit and a mapping");
	return 0;
}
