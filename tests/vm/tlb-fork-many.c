/* SPDX-License-Identifier: MIT */
/*
 * fork takes from the parent the right to write, too: what the parent writes right after it, to
 * pages that it had just written, the child must not see. An area of many pages:
 * all translations are forgotten at once.
 */
#include "tests/test.h"

#define COUNT 48u /* more than are forgotten one by one, fewer than are shared by their table */

int main(void)
{
	volatile uint32_t *memory = (void *)memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	int ends[2];
	char go = 0;

	CHECK(pipe(ends) == 0, "a pipe");
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < COUNT; i++)
			memory[i * PAGE / 4] = round;
		pid_t child = fork_checked();
		if (!child) {
			CHECK(read(ends[0], &go, 1) == 1, "wait until the parent has written");
			for (uint32_t i = 0; i < COUNT; i++)
				CHECK(memory[i * PAGE / 4] == round, "page %u is as at the fork",
				      i);
			_exit(0);
		}
		for (uint32_t i = 0; i < COUNT; i++)
			memory[i * PAGE / 4] = round + 100;
		CHECK(write(ends[1], &go, 1) == 1, "let the child look");
		wait_success(child);
	}
	say("20 children saw %u pages as they were at the fork", COUNT);
	return 0;
}
