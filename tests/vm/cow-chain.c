/* SPDX-License-Identifier: MIT */
/*
 * Copy-on-write through five generations: each process changes one page more and forks the next;
 * on the way back each still finds exactly what it had.
 */
#include "tests/test.h"

#define GENERATIONS 5
#define COUNT 8

static char *memory;

static void check_generation(uint32_t generation)
{
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i <= generation && i > 0 ? 1000 * i + i : i),
		      "generation %u, page %u", generation, i);
}

static void live(void *generation_pointer)
{
	uint32_t generation = (uintptr_t)generation_pointer;

	if (generation)
		page_fill(memory + generation * PAGE, 1000 * generation + generation);
	check_generation(generation);
	if (generation < GENERATIONS)
		in_child(live, (void *)(uintptr_t)(generation + 1));
	check_generation(generation);
	page_fill(memory + 7 * PAGE, 7); /* the same content again, in a page of its own */
	check_generation(generation);
}

int main(void)
{
	memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	live(NULL);
	say("six generations, each with its own memory");
	return 0;
}
