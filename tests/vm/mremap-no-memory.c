/* SPDX-License-Identifier: MIT */
/*
 * mremap moves memory of which fork shares whole page tables, but finds no memory for one of its
 * own: it says ENOMEM, and what was not asked to go is still there, for the child, too.
 *
 * Pagoda only: /proc/self/fail-nth is there in kernels built for testing.
 *
 * guest: pagoda-only
 */
#include "tests/test.h"

#define SPAN (4 * MIB) /* what a page table maps */
#define SPANS 2u
#define FILLED 128u    /* pages of each span that are written: many enough to share the table */
#define MOVED 16u      /* pages */
#define HOLE 200u      /* where there is one, in pages */

#define SAYS_ENOMEM 10 /* exit status */

static char *spans;    /* the lower end of the first */
static int fail_nth;

/* The nth allocation from now fails; 0: none any more. That may itself be what finds no memory,
 * and then there is nothing left to fail. */
static bool fail(uint32_t nth)
{
	char text[12];
	int length = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fail_nth, text, length, 0) == length;
}

static char *page_of(uint32_t span, uint32_t page)
{
	return spans + span * SPAN + page * PAGE;
}

static void check_slots(void)
{
	for (uint32_t i = 0; i < SPANS * FILLED; i++)
		CHECK(page_has(page_of(i / FILLED, i % FILLED), i), "page %u is intact", i);
}

/* mremap, of which the nth allocation fails; whether it found memory. */
static bool remap(uint32_t nth, char *old, uint32_t old_pages, uint32_t flags, char *place)
{
	char *moved;
	int error;

	CHECK_ERRNO(mremap(old + 1, PAGE, PAGE, 0), EINVAL); /* what it runs on is in memory */
	CHECK(fail(nth), "the %uth allocation is to fail", nth);
	moved = mremap(old, old_pages * PAGE, MOVED * PAGE, MREMAP_MAYMOVE | flags, place);
	error = errno;
	fail(0);
	CHECK(moved != MAP_FAILED || error == ENOMEM, "ENOMEM, not errno %d", error);
	CHECK(moved == MAP_FAILED || !place || moved == place, "it is moved to %p", place);
	return moved != MAP_FAILED;
}

/* Moves the first pages to a free place; the others, to the middle of the next span, go. */
static void shrink(uint32_t nth)
{
	char *place = memory_map(MOVED * PAGE, PROT_NONE);
	bool found = remap(nth, spans, PAGES(SPAN) + FILLED / 2, MREMAP_FIXED, place);

	for (uint32_t i = 0; i < MOVED; i++)
		CHECK(page_has((found ? place : spans) + i * PAGE, i), "page %u, moved or not", i);
	for (uint32_t i = FILLED / 2; i < FILLED; i++)
		CHECK(page_has(page_of(1, i), FILLED + i), "page %u of those that stay", i);
	_exit(found ? 0 : SAYS_ENOMEM);
}

/* Moves pages, and more, to the hole in a span that is shared. */
static void grow_into_hole(uint32_t nth)
{
	char *old = page_of(0, HOLE + MOVED);
	bool found = remap(nth, old, MOVED / 2, 0, NULL);

	for (uint32_t i = 0; i < MOVED / 2 && !found; i++)
		CHECK(page_has(old + i * PAGE, 1000 + i), "page %u, not moved", i);
	check_slots();
	_exit(found ? 0 : SAYS_ENOMEM);
}

/* With a child that shares the tables, and looks at its pages when all is over. */
static void try(void (*remapping)(uint32_t), uint32_t nth)
{
	int ends[2];
	char byte;

	CHECK(pipe(ends) == 0, "a pipe");
	if (!fork_checked()) {
		close(ends[1]);
		CHECK(read(ends[0], &byte, 1) == 0, "the parent has ended");
		check_slots();
		_exit(0);
	}
	fail_nth = open("/proc/self/fail-nth", O_RDWR);
	CHECK(fail_nth >= 0, "allocations can be made to fail");
	remapping(nth);
}

static void fail_each(void (*remapping)(uint32_t), const char *name)
{
	uint32_t failed = 0;

	for (uint32_t nth = 1; nth < 50; nth++) {
		pid_t child = fork_checked();

		if (!child)
			try(remapping, nth);
		int status = wait_status(child);
		CHECK(WIFEXITED(status), "%s: it ends by itself: %#x", name, status);
		if (WEXITSTATUS(status) == 0)
			break;
		CHECK(WEXITSTATUS(status) == SAYS_ENOMEM, "%s: it ends well", name);
		failed++;
	}
	CHECK(failed > 0, "%s: it needs memory", name);
	say("%s: ENOMEM at each of %u allocations, then success", name, failed);
}

int main(void)
{
	char *memory = memory_map((SPANS + 1) * SPAN, PROT_READ | PROT_WRITE);

	spans = (char *)(((uintptr_t)memory + SPAN - 1) & ~(SPAN - 1));
	for (uint32_t i = 0; i < SPANS * FILLED; i++)
		page_fill(page_of(i / FILLED, i % FILLED), i);
	fail_each(shrink, "shrinking");

	for (uint32_t i = 0; i < MOVED / 2; i++)
		page_fill(page_of(0, HOLE + MOVED + i), 1000 + i);
	CHECK(munmap(page_of(0, HOLE), MOVED * PAGE) == 0, "a hole");
	fail_each(grow_into_hole, "growing");
	return 0;
}
