/* SPDX-License-Identifier: MIT */
/*
 * getrusage(2) counts one minor fault for each page that is touched for the first time, and none
 * for touching it again; a child's faults are added when it is waited for.
 *
 * guest: cmdline="vm.anonaround=0"
 */
#include "tests/test.h"

#define COUNT 500

static char *memory;

static void child(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < COUNT; i++)
		memory[i * PAGE] = 2;
}

int main(void)
{
	struct rusage usage;
	long before, first, second;

	memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	before = faults_minor();
	for (uint32_t i = 0; i < COUNT; i++)
		memory[i * PAGE] = 1;
	first = faults_minor() - before;
	before = faults_minor();
	for (uint32_t i = 0; i < COUNT; i++)
		memory[i * PAGE] = 2;
	second = faults_minor() - before;
	CHECK(first >= COUNT, "%d faults for fresh pages, not %ld", COUNT, first);
	if (pages_stay()) {
		CHECK(first < COUNT + 20, "and no more, not %ld", first);
		CHECK(second < 20, "none for known pages, not %ld", second);
	}
	in_child(child, NULL);
	CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0, "getrusage for children");
	CHECK(usage.ru_minflt + usage.ru_majflt >= COUNT, "the child copied %d pages, not %ld",
	      COUNT, usage.ru_minflt);
	say("%ld faults, then %ld; the child had %ld", first, second, usage.ru_minflt);
	return 0;
}
