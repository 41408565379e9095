/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out, with swap: the same after the swap has filled too, while a second process that
 * waits keeps its memory. Pagoda only: on a person's Linux it would hurt others.
 *
 * guest: mem=8 swap=8 pagoda-only timeout=60
 */
#include "tests/test.h"

int main(void)
{
	char *memory = memory_map(2 * MIB, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(2 * MIB); i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t round = 0; round < 3; round++) {
		pid_t child = fork_checked();
		int status;

		if (!child) {
			char *large = memory_map(64 * MIB, PROT_READ | PROT_WRITE);

			for (uint32_t i = 0; i < PAGES(64 * MIB); i++)
				page_fill(large + i * PAGE, i);
			_exit(1);
		}
		status = wait_status(child);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it is killed: %#x",
		      status);
		for (uint32_t i = 0; i < PAGES(2 * MIB); i++)
			CHECK(page_has(memory + i * PAGE, i), "the parent's page %u", i);
	}
	say("3 processes larger than memory and swap were killed");
	return 0;
}
