/* SPDX-License-Identifier: MIT */
/*
 * Fifty processes with ten times the memory among them: each fills its own pages, looks at them
 * again when all have, and finds its own bytes. All make progress and finish.
 *
 * guest: mem=12 swap=160 timeout=180
 */
#include "tests/test.h"

#define PROCESSES 50u
#define PAGES_EACH 614u /* 50 of them are 120 MiB */

static char *memory;

/* In a child: says when it has filled its pages, waits for all, looks again. */
static void fill_and_look(uint32_t number, int filled, int go)
{
	char byte = 1;
	for (uint32_t i = 0; i < PAGES_EACH; i++)
		page_fill(memory + i * PAGE, number * 10000 + i);
	CHECK(write(filled, &byte, 1) == 1, "say that the pages are filled");
	CHECK(read(go, &byte, 1) == 0, "wait until all have");
	for (uint32_t i = 0; i < PAGES_EACH; i++)
		CHECK(page_has(memory + i * PAGE, number * 10000 + i), "process %u has its page %u",
		      number, i);
	_exit(0);
}

int main(void)
{
	int filled[2], go[2];
	CHECK(pipe(filled) == 0 && pipe(go) == 0, "make two pipes");
	memory = memory_map(PAGES_EACH * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PROCESSES; i++) {
		pid_t child = fork();
		CHECK(child >= 0, "fork process %u", i);
		if (child == 0) {
			close(go[1]);
			fill_and_look(i, filled[1], go[0]);
		}
	}
	for (uint32_t i = 0; i < PROCESSES; i++) {
		char byte;
		CHECK(read(filled[0], &byte, 1) == 1, "process %u has filled its pages", i);
	}
	close(go[1]);
	for (uint32_t i = 0; i < PROCESSES; i++) {
		int status;
		CHECK(wait(&status) > 0, "a process ends");
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "and ends well, not with 0x%x",
		      status);
	}
	say("%u processes with %u pages each finished", PROCESSES, PAGES_EACH);
	return 0;
}
