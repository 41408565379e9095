/* SPDX-License-Identifier: MIT */
/*
 * A MAP_GROWSDOWN mapping is a stack: a touch just below it makes it longer, page by page, but
 * not into what lies below, of which it keeps a distance. MAP_STACK is an ordinary mapping. A
 * mapping that does not grow is not touched below its start.
 */
#include "tests/test.h"

#define ROOM (4u * 1024 * 1024)
#define GROWTH 32u

static char *stack;

static void touch_below(void *offset)
{
	stack[-(intptr_t)offset] = 1;
}

int main(void)
{
	char *room = memory_map(ROOM, PROT_NONE);
	char *top = room + ROOM - 16 * PAGE;
	struct death death;

	CHECK(munmap(room, ROOM) == 0, "a place that is free");
	stack = mmap(top, PAGE, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	CHECK(stack == top, "a stack of a page");
	CHECK(mmap(room, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	           0) == room, "something far below it");
	for (uint32_t i = 1; i <= GROWTH; i++)
		page_fill(top - i * PAGE, i);
	for (uint32_t i = 1; i <= GROWTH; i++)
		CHECK(page_has(top - i * PAGE, i), "page %u below the start", i);

	death = death_of(touch_below, (void *)(top - (room + 2 * PAGE)));
	CHECK(death.signal == SIGSEGV && death.code == SEGV_MAPERR,
	      "it does not grow up to what lies below");
	stack = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	CHECK(stack != MAP_FAILED, "MAP_STACK");
	CHECK(munmap(stack, PAGE) == 0, "nothing lies below its second page");
	stack += PAGE;
	death = death_of(touch_below, (void *)1);
	CHECK(death.signal == SIGSEGV && death.code == SEGV_MAPERR, "and it does not grow");
	say("a mapping grew down by %u pages", GROWTH);
	return 0;
}
