/* SPDX-License-Identifier: MIT */
/*
 * The parent goes first: a child keeps the memory it got from a parent that has exited, and the
 * grandchild what it got from that child.
 */
#include "tests/test.h"

static char *memory;
static int report[2];

static void grandchild(int parent_gone)
{
	char byte;

	CHECK(read(parent_gone, &byte, 1) == 0, "the end of the pipe: the parent is gone");
	for (uint32_t i = 0; i < 8; i++) {
		CHECK(page_has(memory + i * PAGE, i < 4 ? 100 + i : i), "page %u is inherited", i);
		page_fill(memory + i * PAGE, 200 + i);
		CHECK(page_has(memory + i * PAGE, 200 + i), "page %u can be written", i);
	}
	CHECK(write(report[1], "k", 1) == 1, "report");
	_exit(0);
}

static void child(void *unused)
{
	int gone[2];

	(void)unused;
	for (uint32_t i = 0; i < 4; i++)
		page_fill(memory + i * PAGE, 100 + i);
	CHECK(pipe(gone) == 0, "a pipe");
	if (!fork_checked()) {
		close(gone[1]);
		grandchild(gone[0]);
	}
}

int main(void)
{
	char byte;

	memory = memory_map(8 * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < 8; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(pipe(report) == 0, "a pipe");
	in_child(child, NULL);
	close(report[1]);
	CHECK(read(report[0], &byte, 1) == 1 && byte == 'k', "the grandchild found its memory");
	for (uint32_t i = 0; i < 8; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u of the first process", i);
	say("memory outlives the process it was inherited from");
	return 0;
}
