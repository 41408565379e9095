/* SPDX-License-Identifier: MIT */
/*
 * mremap moves a mapping to and fro between places that have a page table in common, where one
 * end of the old range and one of the new lie in the same 4 MiB. Few of its pages were written.
 * Each has its content afterwards, also for a child that has shared the tables meanwhile.
 */
#include "tests/test.h"

#define SPAN (4 * MIB) /* what a page table maps */
#define WORLD PAGES(4 * SPAN)
#define LONGEST 1300u  /* pages: more than a span, and a third of the world at most */
#define ROUNDS 300u

static char *world;
static uint32_t place, length;     /* of the mapping, in pages */
static uint32_t written[LONGEST];  /* what its page i holds; 0: never written */
static uint32_t seed = 1;

static volatile uint32_t *word_of(uint32_t page)
{
	return (volatile uint32_t *)(world + (place + page) * PAGE + page % PAGE / 4 * 4);
}

static void check_pages(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < length; i++)
		CHECK(*word_of(i) == written[i], "page %u of %u holds %u, not %u", i, length,
		      written[i], *word_of(i));
}

/* A few pages, mostly near one another: so whole tables stay empty. */
static void write_some(void)
{
	uint32_t first = next_random(&seed) % length, step = 1 + next_random(&seed) % 5;

	for (uint32_t n = next_random(&seed) % 100; n > 0 && first < length; n--, first += step)
		*word_of(first) = written[first] = next_random(&seed) | 1;
}

/* A place that the mapping does not touch now. */
static uint32_t other_place(uint32_t new_length)
{
	uint32_t other;

	do
		other = next_random(&seed) % (WORLD - new_length);
	while (other < place + length && place < other + new_length);
	return other;
}

static void move(void)
{
	uint32_t new_length = 1 + next_random(&seed) % LONGEST, to = other_place(new_length);
	char *old = world + place * PAGE, *new = world + to * PAGE;

	CHECK(mremap(old, length * PAGE, new_length * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, new) ==
	      new, "%u pages move from %u to %u, and are %u", length, place, to, new_length);
	for (uint32_t i = new_length; i < length; i++)
		written[i] = 0;
	place = to;
	length = new_length;
}

int main(void)
{
	char *room = memory_map(5 * SPAN, PROT_NONE);

	world = (char *)(((uintptr_t)room + SPAN - 1) & ~(uintptr_t)(SPAN - 1));
	length = LONGEST;
	CHECK(mmap(world, length * PAGE, PROT_READ | PROT_WRITE,
	           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == world, "a mapping in it");
	for (uint32_t round = 0; round < ROUNDS; round++) {
		write_some();
		if (round % 16 == 0)
			in_child(check_pages, NULL);
		move();
		check_pages(NULL);
	}
	say("%u moves between neighbouring page tables, and each page arrived", ROUNDS);
	return 0;
}
