/* SPDX-License-Identifier: MIT */
/*
 * A thousand areas in one address space: every second page of a mapping gets other rights; each
 * page is found, /proc/self/maps lists them all, and the rights hold.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

#define COUNT 1000

static char *memory;

static uint32_t areas_in_maps(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[300];
	uint32_t count = 0;

	CHECK(maps, "/proc/self/maps");
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t start = strtoul(line, NULL, 16);

		count += start >= (uintptr_t)memory && start < (uintptr_t)memory + COUNT * PAGE;
	}
	fclose(maps);
	return count;
}

int main(void)
{
	memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < COUNT; i++)
		*(uint32_t *)(memory + i * PAGE + 8) = i * i;
	for (uint32_t i = 1; i < COUNT; i += 2)
		CHECK(mprotect(memory + i * PAGE, PAGE, PROT_READ) == 0, "page %u read-only", i);
	CHECK(areas_in_maps() >= COUNT - 1, "maps lists %u areas", areas_in_maps());
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(*(uint32_t *)(memory + i * PAGE + 8) == i * i, "page %u is intact", i);
	for (uint32_t i = 0; i < COUNT; i += 2)
		*(uint32_t *)(memory + i * PAGE + 8) += 1;
	CHECK_DIES(write_byte, memory + 501 * PAGE, SIGSEGV, SEGV_ACCERR, memory + 501 * PAGE);
	for (uint32_t i = 0; i < COUNT; i += 2)
		CHECK(munmap(memory + i * PAGE, PAGE) == 0, "unmap page %u", i);
	CHECK(areas_in_maps() == COUNT / 2, "half of the areas are left, not %u", areas_in_maps());
	for (uint32_t i = 1; i < COUNT; i += 2)
		CHECK(*(uint32_t *)(memory + i * PAGE + 8) == i * i, "page %u is still there", i);
	say("1,000 areas, then 500");
	return 0;
}
