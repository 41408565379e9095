/* SPDX-License-Identifier: MIT */
/*
 * A length that is no multiple of the page size is rounded up: the whole last page can be used,
 * the next one cannot. munmap(2) rounds alike.
 */
#include "tests/test.h"

int main(void)
{
	char *room = memory_map(8 * PAGE, PROT_NONE), *memory;

	memory = mmap(room, PAGE + 1, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(memory == room, "PAGE + 1 bytes at the given place");
	memory[2 * PAGE - 1] = 'x';
	CHECK(memory[2 * PAGE - 1] == 'x', "the last byte of the second page");
	CHECK_DIES(write_byte, memory + 2 * PAGE, SIGSEGV, SEGV_ACCERR, memory + 2 * PAGE);
	CHECK(munmap(memory, 1) == 0, "unmap one byte");
	CHECK_DIES(read_byte, memory, SIGSEGV, SEGV_MAPERR, memory);
	CHECK(memory[2 * PAGE - 1] == 'x', "the second page is still there");
	say("lengths are rounded up to pages");
	return 0;
}
