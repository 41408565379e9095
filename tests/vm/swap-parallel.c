/* SPDX-License-Identifier: MIT */
/*
 * Four processes fill 8 MiB each at the same time, in a guest with 16 MiB, and change and check
 * them for three rounds: no process ever sees a page of another.
 *
 * guest: mem=16 swap=48 timeout=60
 */
#include "tests/test.h"

#define BYTES (8 * MIB)

static void worker(uint32_t number)
{
	char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE);

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < PAGES(BYTES); i++) {
			char *page = memory + i * PAGE;

			if (round)
				CHECK(page_has(page, number << 24 | (round - 1) << 16 | i),
				      "process %u, round %u, page %u is intact", number, round, i);
			page_fill(page, number << 24 | round << 16 | i);
		}
	}
	_exit(0);
}

int main(void)
{
	pid_t children[4];

	for (uint32_t i = 0; i < 4; i++) {
		children[i] = fork_checked();
		if (!children[i])
			worker(i + 1);
	}
	for (uint32_t i = 0; i < 4; i++)
		wait_success(children[i]);
	say("4 processes with 8 MiB each kept apart");
	return 0;
}
