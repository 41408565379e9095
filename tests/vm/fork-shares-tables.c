/* SPDX-License-Identifier: MIT */
/*
 * Fork shares page tables, and the leaves beside them, where many pages are in them: a child that
 * only looks has no page of its own made, nor faults for what its parent had mapped; the first
 * write copies the leaf of its 4 MiB alone; and the last one who uses it just takes it over, with
 * the right to write to all of it at once.
 *
 * pagoda-only: counters of its own
 * guest: pagoda-only mem=64
 */
#include "tests/test.h"

#define SPANS 4
#define SPAN (4 * MIB)

static char *memory;

static long counter(const char *name)
{
	return proc_number("/proc/vmstat", name);
}

static void look(void *unused)
{
	long faults = faults_minor();

	(void)unused;
	for (uint32_t i = 0; i < PAGES(SPANS * SPAN); i++)
		CHECK(memory[i * PAGE] == 1, "page %u", i);
	faults = faults_minor() - faults;
	CHECK(faults < 100 || !pages_stay(), "%ld faults for %u pages", faults,
	      PAGES(SPANS * SPAN));
}

static void write_in_one(void *unused)
{
	long copied = counter("fork_spans_copied");
	long pages = counter("fault_cow_copied");

	(void)unused;
	for (uint32_t i = 0; i < 10; i++)
		memory[SPAN + i * PAGE] = 2;
	copied = counter("fork_spans_copied") - copied;
	pages = counter("fault_cow_copied") - pages;
	CHECK(copied >= 1 && copied <= 2, "%ld leaves were copied", copied);
	CHECK(pages >= 10 && pages < 30, "%ld pages were copied", pages);
}

int main(void)
{
	char *start = memory_map((SPANS + 1) * SPAN, PROT_READ | PROT_WRITE);
	long shared, kept, reused;

	memory = (char *)(((uintptr_t)start + SPAN - 1) & -SPAN);
	memset(memory, 1, SPANS * SPAN);

	shared = counter("fork_spans_shared");
	in_child(look, NULL);
	shared = counter("fork_spans_shared") - shared;
	CHECK(shared >= SPANS, "%ld spans were shared", shared);
	say("a child looks at %u pages by the parent's %d page tables", PAGES(SPANS * SPAN), SPANS);

	kept = counter("fork_spans_kept");
	reused = counter("fault_cow_reused");
	memset(memory, 1, SPANS * SPAN);
	kept = counter("fork_spans_kept") - kept;
	reused = counter("fault_cow_reused") - reused;
	CHECK(kept >= SPANS, "%ld spans were taken over", kept);
	CHECK(reused < 20 || !pages_stay(), "%ld faults to write to %u pages", reused,
	      PAGES(SPANS * SPAN));
	say("when the child is gone the parent writes to them again by one fault a table");

	in_child(write_in_one, NULL);
	for (uint32_t i = 0; i < 10; i++)
		CHECK(memory[SPAN + i * PAGE] == 1, "page %u of the parent", i);
	say("a child that writes 10 pages has them copied, and one leaf");
	return 0;
}
