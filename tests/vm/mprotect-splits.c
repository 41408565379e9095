/* SPDX-License-Identifier: MIT */
/*
 * Changing the rights of a middle part splits the area in three, as /proc/self/maps shows; giving
 * them back leaves one memory with all its content.
 */
#include "tests/test.h"

/* The rights of the line of /proc/self/maps that holds the address, such as "rw-p". */
static const char *rights_of(const char *address)
{
	static char line[300];
	static char rights[8];
	FILE *maps = fopen("/proc/self/maps", "r");

	strcpy(rights, "none");
	while (maps && fgets(line, sizeof(line), maps)) {
		char *rest;
		uintptr_t start = strtoul(line, &rest, 16);
		uintptr_t end = strtoul(rest + 1, &rest, 16);

		if ((uintptr_t)address >= start && (uintptr_t)address < end)
			memcpy(rights, rest + 1, 4);
	}
	fclose(maps);
	return rights;
}

int main(void)
{
	char *memory = memory_map(9 * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < 9; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(mprotect(memory + 3 * PAGE, 3 * PAGE, PROT_READ) == 0, "the middle read-only");
	CHECK(mprotect(memory + 4 * PAGE, PAGE, PROT_NONE) == 0, "its middle forbidden");
	for (uint32_t i = 0; i < 9; i++) {
		const char *want = i == 4 ? "---p" : i == 3 || i == 5 ? "r--p" : "rw-p";

		CHECK(strcmp(rights_of(memory + i * PAGE), want) == 0, "page %u is %s", i, want);
	}
	page_fill(memory + 2 * PAGE, 102);
	page_fill(memory + 6 * PAGE, 106);
	CHECK_DIES(write_byte, memory + 3 * PAGE, SIGSEGV, SEGV_ACCERR, memory + 3 * PAGE);
	CHECK_DIES(read_byte, memory + 4 * PAGE, SIGSEGV, SEGV_ACCERR, memory + 4 * PAGE);
	CHECK(mprotect(memory, 9 * PAGE, PROT_READ | PROT_WRITE) == 0, "everything as before");
	for (uint32_t i = 0; i < 9; i++)
		CHECK(page_has(memory + i * PAGE, i == 2 || i == 6 ? 100 + i : i), "page %u", i);
	say("one area became five and was whole again");
	return 0;
}
