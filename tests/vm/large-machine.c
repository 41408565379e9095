/* SPDX-License-Identifier: MIT */
/*
 * 512 MiB of RAM are there to be used: 400 MiB are filled without swap.
 *
 * guest: mem=512 swap=0 timeout=60
 */
#include "tests/test.h"

int main(void)
{
	const uint32_t bytes = pages_stay() ? 400 * MIB : 40 * MIB; /* chaos takes its time */
	char *memory = memory_map(bytes, PROT_READ | PROT_WRITE);

	CHECK(meminfo("MemTotal") > 480 * 1024, "MemTotal is %ld KiB", meminfo("MemTotal"));
	for (uint32_t i = 0; i < PAGES(bytes); i++)
		((volatile uint32_t *)(memory + i * PAGE))[i % 1024] = i + 1;
	for (uint32_t i = 0; i < PAGES(bytes); i++)
		CHECK(((volatile uint32_t *)(memory + i * PAGE))[i % 1024] == i + 1, "page %u", i);
	CHECK(munmap(memory, bytes) == 0, "munmap");
	say("%u MiB of %ld", bytes / MIB, meminfo("MemTotal") / 1024);
	return 0;
}
