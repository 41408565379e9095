/* SPDX-License-Identifier: MIT */
/*
 * A program that reads two or three neighbouring pages here and there looks, each time, as if it
 * began to read in order. It is not punished for that: what is read ahead in vain stays little.
 *
 * guest: mem=8 swap=64
 */
#include "tests/test.h"

#define COUNT PAGES(48 * MIB)
#define TURNS 800u

static volatile char sink;

static long pages_read(void)
{
	return proc_number("/proc/vmstat", "pswpin");
}

/* Reads so many neighbours in so many places, and returns how many pages came from swap. */
static long read_groups(const char *memory, uint32_t group)
{
	uint32_t state = 7;
	long before = pages_read();

	for (uint32_t turn = 0; turn < TURNS; turn++) {
		uint32_t first = next_random(&state) % (COUNT - group);
		for (uint32_t i = first; i < first + group; i++)
			sink = memory[i * PAGE];
	}
	return pages_read() - before;
}

int main(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < COUNT; i++)
		memory[i * PAGE] = 1;
	if (!machine_is_ours() || !pages_stay()) {
		say("nothing can be counted here");
		return 0;
	}
	for (uint32_t group = 1; group <= 3; group++) {
		long read = read_groups(memory, group), asked = TURNS * group;
		say("%u at a time: %ld pages were read for %ld", group, read, asked);
		CHECK(read <= asked + asked / 5, "%ld pages read for %ld", read, asked);
	}
	return 0;
}
