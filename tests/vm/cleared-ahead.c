/* SPDX-License-Identifier: MIT */
/*
 * While nothing runs, free frames are cleared ahead of need: a program that then touches new
 * memory finds zeros there at once. They are zeros whoever had the frames before.
 *
 * pagoda-only: a counter of its own
 * guest: pagoda-only mem=16
 */
#include <time.h>

#include "tests/test.h"

#define COUNT 512u

static void dirty(void *unused)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);

	(void)unused;
	memset(memory, 0xa5, COUNT * PAGE);
}

int main(void)
{
	struct timespec moment = {.tv_nsec = 100 * 1000 * 1000};

	for (uint32_t round = 0; round < 3; round++) {
		in_child(dirty, NULL);
		nanosleep(&moment, NULL);
		long cleared = proc_number("/proc/vmstat", "pgcleared_ahead");
		char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
		for (uint32_t i = 0; i < COUNT; i++) {
			memory[i * PAGE + round] = 1;
			memory[i * PAGE + round] = 0;
		}
		cleared = proc_number("/proc/vmstat", "pgcleared_ahead") - cleared;
		CHECK(all_bytes_are(memory, COUNT * PAGE, 0), "zeros in round %u", round);
		CHECK(cleared >= (long)COUNT * 3 / 4 || !pages_stay(),
		      "only %ld frames of %u had been cleared", cleared, COUNT);
		CHECK(munmap(memory, COUNT * PAGE) == 0, "munmap");
	}
	say("%u frames were ready, three times", COUNT);
	return 0;
}
