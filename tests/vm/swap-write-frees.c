/* SPDX-License-Identifier: MIT */
/*
 * A page that comes back from swap to be written gives its slot back at once: the bytes there are out
 * of date. One that is only read keeps it, and so do those that stay out. What was written is right
 * when it has been out a second time.
 *
 * pagoda-only: when Linux gives a slot back depends on how full its swap is.
 * guest: mem=8 swap=32 pagoda-only cmdline="vm.anonaround=0 vm.readahead=0"
 */
#include "tests/test.h"

#define PRESSURE (12 * MIB)
#define COUNT 96u /* pages: a third is written, a third read, a third left alone */

static char *memory;

static long slots_used(void)
{
	return (meminfo("SwapTotal") - meminfo("SwapFree")) / 4;
}

static void use_memory(void *unused)
{
	(void)unused;
	char *other = memory_map(PRESSURE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < PAGES(PRESSURE); i++)
		page_fill(other + i * PAGE, i);
}

/* Somebody else needs more memory than there is, and goes. */
static void push_out(void)
{
	static unsigned char in[COUNT];
	uint32_t there = COUNT;

	for (int turn = 0; turn < 3 && there > 0; turn++) {
		in_child(use_memory, NULL);
		CHECK(mincore(memory, COUNT * PAGE, in) == 0, "mincore");
		there = 0;
		for (uint32_t i = 0; i < COUNT; i++)
			there += in[i] & 1;
	}
	CHECK(there == 0, "all pages are out, but for %u", there);
}

static uint32_t content(uint32_t page)
{
	return page < COUNT / 3 ? 1000 + page : page;
}

int main(void)
{
	memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	push_out();
	long full = slots_used();
	for (uint32_t i = 0; i < COUNT / 3; i++)
		page_fill(memory + i * PAGE, content(i));
	long freed = full - slots_used();
	CHECK(freed == (long)COUNT / 3 || !pages_stay(), "each that is written gives its slot back: %ld",
	      freed);
	for (uint32_t i = COUNT / 3; i < COUNT * 2 / 3; i++)
		CHECK(page_has(memory + i * PAGE, content(i)), "page %u is intact", i);
	CHECK(full - slots_used() == freed || !pages_stay(), "those that are read keep it");

	push_out();
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, content(i)), "page %u has its last content", i);
	say("%ld slots were given back when their pages were written", freed);
	return 0;
}
