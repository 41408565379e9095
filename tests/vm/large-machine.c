/* SPDX-License-Identifier: MIT */
/*
 * 512 MiB of RAM are there to be used: 400 MiB are filled without swap.
 *
 * guest: mem=512 swap=0 timeout=60
 */
#include "tests/test.h"

#define BYTES (400u * MIB)

int main(void)
{
	char *memory = memory_map(BYTES, PROT_READ | PROT_WRITE);

	CHECK(meminfo("MemTotal") > 480 * 1024, "MemTotal is %ld KiB", meminfo("MemTotal"));
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		((volatile uint32_t *)(memory + i * PAGE))[i % 1024] = i + 1;
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(((volatile uint32_t *)(memory + i * PAGE))[i % 1024] == i + 1, "page %u", i);
	CHECK(munmap(memory, BYTES) == 0, "munmap");
	say("400 MiB of %ld", meminfo("MemTotal") / 1024);
	return 0;
}
