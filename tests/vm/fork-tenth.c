/* SPDX-License-Identifier: MIT */
/*
 * A process with 32 MiB forks ten children that each write a tenth of it: the content is right in
 * all eleven, memory in use grows by what was written and not by what was forked, and comes back.
 *
 * guest: mem=96 swap=0 timeout=60
 */
#include "tests/test.h"

#define BYTES (32 * MIB)
#define CHILDREN 10

static char *memory;
static int ready[2], go[2];

static void child(uint32_t number)
{
	const uint32_t part = PAGES(BYTES) / CHILDREN;
	char byte;

	for (uint32_t i = number * part; i < (number + 1) * part; i++)
		page_fill(memory + i * PAGE, 1000000 * (number + 1) + i);
	CHECK(write(ready[1], "r", 1) == 1 && read(go[0], &byte, 1) == 0, "wait for the others");
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE,
		               i / part == number ? 1000000 * (number + 1) + i : i),
		      "child %u, page %u", number, i);
	_exit(0);
}

int main(void)
{
	long before, during, after;
	pid_t children[CHILDREN];
	char byte;

	memory = memory_map(BYTES, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	CHECK(pipe(ready) == 0 && pipe(go) == 0, "two pipes");
	before = meminfo("MemFree");
	for (uint32_t n = 0; n < CHILDREN; n++) {
		children[n] = fork_checked();
		if (!children[n]) {
			close(go[1]);
			child(n);
		}
	}
	for (uint32_t n = 0; n < CHILDREN; n++)
		CHECK(read(ready[0], &byte, 1) == 1, "child %u has written", n);
	during = meminfo("MemFree");
	close(go[1]);
	for (uint32_t n = 0; n < CHILDREN; n++)
		wait_success(children[n]);
	after = meminfo("MemFree");
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i), "the parent's page %u", i);
	if (machine_is_ours()) {
		CHECK(before - during < (long)(BYTES / 1024) + 4096,
		      "32 MiB were written, %ld KiB used",
		      before - during);
		CHECK(before - after < 512, "memory comes back, all but %ld KiB", before - after);
	}
	say("MemFree: %ld KiB before, %ld with ten children, %ld after", before, during, after);
	return 0;
}
