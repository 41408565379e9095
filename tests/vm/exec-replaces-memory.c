/* SPDX-License-Identifier: MIT */
/*
 * execve(2) starts with a new memory: nothing of the old program's mappings is left, and the new
 * program's data is fresh.
 */
#include "tests/test.h"

static int data = 5;
static char bss[PAGE];

int main(int argc, char **argv)
{
	static char text[32];
	char *memory;

	CHECK(data == 5 && bss[17] == 0, "data and bss are as the program file says");
	if (argc > 1) {
		memory = (char *)strtoul(argv[1], NULL, 16);
		CHECK_DIES(read_byte, memory, SIGSEGV, SEGV_MAPERR, memory);
		say("the old program's memory is gone");
		return 0;
	}
	memory = mmap((void *)0x30000000, PAGE, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(memory != MAP_FAILED, "a page at 0x30000000");
	memory[0] = 1;
	data = 6;
	memset(bss, 7, sizeof(bss));
	snprintf(text, sizeof(text), "%lx", (unsigned long)memory);
	execl("/proc/self/exe", "exec-replaces-memory", text, NULL);
	CHECK(false, "execve works");
}
