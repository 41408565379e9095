/* SPDX-License-Identifier: MIT */
/*
 * A program that touches new memory in order is given some pages more at a time, when it has touched
 * many; one that touches every 16th page is given none but these, and one that stops has hardly more
 * than it touched.
 *
 * guest: mem=64
 */
#include "tests/test.h"

#define COUNT 2048u
#define STEP  16u
#define SPARE 32u /* pages that may be given unasked */

static unsigned resident(const char *memory, unsigned pages)
{
	unsigned char here[COUNT * 2];
	unsigned count = 0;

	CHECK(mincore((void *)memory, pages * PAGE, here) == 0, "mincore");
	for (unsigned i = 0; i < pages; i++)
		count += here[i] & 1;
	return count;
}

static long touch(char *memory, unsigned from, unsigned to, unsigned step, bool write)
{
	long before = faults_minor();

	for (unsigned i = from; i < to; i += step) {
		volatile char *at = memory + i * PAGE;

		if (write)
			*at = (char)(i | 1);
		else
			CHECK(*at == 0, "page %u is of zeros", i);
	}
	return faults_minor() - before;
}

static void in_order(bool write)
{
	char *memory = memory_map(2 * COUNT * PAGE, PROT_READ | PROT_WRITE);
	long faults = touch(memory, 0, COUNT, 1, write);

	say("%u pages %s in order: %ld faults", COUNT, write ? "written" : "read", faults);
	if (machine_is_ours() && pages_stay())
		CHECK(faults < (long)COUNT / 4, "far fewer faults than pages");
	if (machine_is_ours() && pages_stay() && write)
		CHECK(resident(memory, 2 * COUNT) <= COUNT + SPARE, "hardly more than was touched");
	for (unsigned i = 0; i < COUNT; i++)
		CHECK(memory[i * PAGE] == (char)(write ? i | 1 : 0), "page %u keeps its byte", i);
	for (unsigned i = COUNT; i < 2 * COUNT; i++)
		CHECK(memory[i * PAGE] == 0, "page %u, that was not touched, is of zeros", i);
	munmap(memory, 2 * COUNT * PAGE);
}

static void every_16th(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	long faults = touch(memory, 0, COUNT, STEP, true);

	say("every %uth of %u pages written: %ld faults, %u pages are there", STEP, COUNT, faults,
	    resident(memory, COUNT));
	if (machine_is_ours())
		CHECK(resident(memory, COUNT) <= COUNT / STEP, "no page was given unasked");
	munmap(memory, COUNT * PAGE);
}

/* Where there is something already, it stays. */
static void around_others(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);

	for (unsigned i = 100; i < COUNT; i += 7)
		memory[i * PAGE] = (char)(i | 1);
	CHECK(mprotect(memory + 1000 * PAGE, PAGE, PROT_READ) == 0, "a page not to be written");
	for (unsigned i = 0; i < 1000; i++)
		if (i < 100 || i % 7 != 100 % 7)
			memory[i * PAGE] = (char)(i | 1);
	for (unsigned i = 0; i < 1000; i++)
		CHECK(memory[i * PAGE] == (char)(i | 1), "page %u", i);
	CHECK(memory[1000 * PAGE] == 0 || 1000 % 7 == 100 % 7, "the page behind is as it was");
	munmap(memory, COUNT * PAGE);
}

/* What a forked process and its parent are given is each one's own. */
static void after_fork(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	pid_t child;

	touch(memory, 0, COUNT / 2, 1, true);
	child = fork_checked();
	touch(memory, COUNT / 2, COUNT, 1, true);
	for (unsigned i = 0; i < COUNT; i++)
		memory[i * PAGE + 1] = child ? 1 : 2;
	for (unsigned i = 0; i < COUNT; i++)
		CHECK(memory[i * PAGE] == (char)(i | 1) && memory[i * PAGE + 1] == (child ? 1 : 2),
		      "page %u is its own", i);
	if (!child)
		_exit(0);
	wait_success(child);
	munmap(memory, COUNT * PAGE);
}

int main(void)
{
	in_order(false);
	in_order(true);
	every_16th();
	around_others();
	after_fork();
	return 0;
}
