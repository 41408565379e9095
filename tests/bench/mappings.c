/* SPDX-License-Identifier: MIT */
/* Changes to the address space itself: mmap, munmap, mprotect, brk. */
#include "tests/bench/bench.h"

#define TURNS 64
#define COUNT 2048u /* pages, of which a part changes its protection */

static char *map(size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void map_page(void)
{
	for (int i = 0; i < TURNS; i++)
		munmap(map(PAGE), PAGE);
}

static void map_page_and_touch(void)
{
	for (int i = 0; i < TURNS; i++) {
		char *page = map(PAGE);

		*(volatile char *)page = 1;
		munmap(page, PAGE);
	}
}

static void map_64m(void)
{
	for (int i = 0; i < TURNS; i++)
		munmap(map(64 * MIB), 64 * MIB);
}

static void get(void)
{
	memory_get(COUNT);
	memory_write();
}

/* Each turn protects and unprotects, in the middle of an area. */
static void protect(size_t bytes)
{
	for (int i = 0; i < TURNS / 2; i++) {
		mprotect(memory + 512 * PAGE, bytes, PROT_READ);
		mprotect(memory + 512 * PAGE, bytes, PROT_READ | PROT_WRITE);
	}
}

static void protect_page(void)
{
	protect(PAGE);
}

static void protect_1024(void)
{
	protect(1024 * PAGE);
}

static void grow_and_shrink(void)
{
	char *start = sbrk(0);

	for (int i = 0; i < TURNS; i++) {
		brk(start + 4 * PAGE);
		for (unsigned page = 0; page < 4; page++)
			((volatile char *)start)[page * PAGE] = 1;
		brk(start);
	}
}

static const struct row rows[] = {
	{"map-page", TURNS, NULL, map_page, NULL, NULL, 0},
	{"map-page-touch", TURNS, NULL, map_page_and_touch, NULL, NULL, 0},
	{"map-64m", TURNS, NULL, map_64m, NULL, NULL, 0},
	{"protect-page", TURNS, get, protect_page, NULL, memory_drop, 0},
	{"protect-1024", TURNS, get, protect_1024, NULL, memory_drop, 0},
	{"brk", TURNS, NULL, grow_and_shrink, NULL, NULL, 0},
};

int main(int count, char **arguments)
{
	(void)count;
	return BENCH(rows, arguments);
}
