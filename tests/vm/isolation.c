/* SPDX-License-Identifier: MIT */
/*
 * The same address holds different values in different processes, all of them running at once.
 */
#include "tests/test.h"

static volatile uint32_t *address;

static void live(uint32_t number, int done)
{
	for (uint32_t round = 0; round < 300; round++) {
		*address = number << 16 | round;
		for (uint32_t spin = 0; spin < 3000; spin++)
			CHECK(*address == (number << 16 | round), "process %u sees its own value",
			      number);
	}
	CHECK(write(done, &number, 4) == 4, "report");
	_exit(0);
}

int main(void)
{
	int ends[2];
	uint32_t sum = 0, number;
	pid_t children[4];

	address = (void *)memory_map(PAGE, PROT_READ | PROT_WRITE);
	*address = 12345;
	CHECK(pipe(ends) == 0, "a pipe");
	for (uint32_t i = 0; i < 4; i++) {
		children[i] = fork_checked();
		if (!children[i])
			live(i + 1, ends[1]);
	}
	for (uint32_t i = 0; i < 4; i++) {
		wait_success(children[i]);
		CHECK(read(ends[0], &number, 4) == 4, "a report");
		sum += number;
	}
	CHECK(sum == 10 && *address == 12345, "four others came and went, ours is as it was");
	say("5 processes, one address, 5 values");
	return 0;
}
