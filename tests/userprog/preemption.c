/* SPDX-License-Identifier: MIT */
/*
 * A process that never gives up the processor does not keep the others from it: two of them spin
 * while a third does its work and ends them.
 */
#include "tests/test.h"

int main(void)
{
	volatile uint32_t *counters = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[2];

	for (uint32_t i = 0; i < 2; i++) {
		children[i] = fork_checked();
		if (!children[i])
			for (;;)
				counters[i]++;
	}
	for (uint32_t round = 0; round < 5; round++) {
		uint32_t seen[2] = {counters[0], counters[1]};

		while (counters[0] == seen[0] || counters[1] == seen[1])
			; /* spin too: only the clock can take turns */
	}
	for (uint32_t i = 0; i < 2; i++) {
		int status;

		CHECK(kill(children[i], SIGKILL) == 0, "end child %u", i);
		status = wait_status(children[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it is killed");
	}
	say("three spinning processes took turns");
	return 0;
}
