/* SPDX-License-Identifier: MIT */
/*
 * Two processes hand a counter to and fro through shared memory a thousand times, each waiting
 * for the other's turn: writes of one are seen by the other while both run.
 */
#include "tests/test.h"

#include <sched.h>

int main(void)
{
	volatile uint32_t *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const uint32_t rounds = 1000;
	pid_t child;

	CHECK(shared != MAP_FAILED, "shared memory");
	child = fork_checked();
	/* shared[0] is whose turn it is, shared[1] counts. The parent has the even turns. */
	for (uint32_t turn = child ? 0 : 1; turn < 2 * rounds; turn += 2) {
		while (__atomic_load_n(&shared[0], __ATOMIC_ACQUIRE) != turn)
			sched_yield();
		CHECK(shared[1] == turn * 3, "the counter is %u at turn %u", turn * 3, turn);
		shared[1] += 3;
		__atomic_store_n(&shared[0], turn + 1, __ATOMIC_RELEASE);
	}
	if (!child)
		_exit(0);
	wait_success(child);
	CHECK(shared[1] == 2 * rounds * 3, "nobody's step was lost");
	say("%u turns", 2 * rounds);
	return 0;
}
