/* SPDX-License-Identifier: MIT */
/*
 * The stack is an area like another: a program that runs on a stack of its own may unmap the first
 * one. Nothing grows there any more, and its addresses are free for other mappings.
 */
#include "tests/test.h"

static char own_stack[16 * PAGE];
static uintptr_t start, end; /* of the first stack */

/* The area that holds the address. */
static void find_area(uintptr_t address)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[256], *rest;

	CHECK(maps, "/proc/self/maps can be read");
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t low = strtoul(line, &rest, 16), high = strtoul(rest + 1, NULL, 16);

		if (low <= address && address < high) {
			start = low;
			end = high;
		}
	}
	fclose(maps);
	CHECK(end > start, "there is a stack at %#lx", (unsigned long)address);
}

/* Runs on its own stack, and does not return to the other one. */
static void without_stack(int number)
{
	char *memory, *there;

	(void)number;
	CHECK(munmap((void *)start, end - start) == 0, "the stack is unmapped");
	memory = memory_map(4 * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < 4; i++)
		page_fill(memory + i * PAGE, i);
	CHECK_DIES(read_byte, (void *)(end - 4), SIGSEGV, SEGV_MAPERR, end - 4);
	CHECK_DIES(write_byte, (void *)(start - 4), SIGSEGV, SEGV_MAPERR, start - 4);

	there = mmap((void *)(end - PAGE), PAGE, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(there == (char *)(end - PAGE), "something else is mapped in its place");
	CHECK(all_bytes_are(there, PAGE, 0), "and holds nothing of it");
	CHECK_DIES(write_byte, there - 4, SIGSEGV, SEGV_MAPERR, there - 4);
	for (uint32_t i = 0; i < 4; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	say("the stack's %lu KiB are gone, and nobody misses them",
	    (unsigned long)(end - start) / 1024);
	_exit(0);
}

int main(void)
{
	stack_t stack = {.ss_sp = own_stack, .ss_size = sizeof(own_stack)};
	struct sigaction action = {.sa_flags = SA_ONSTACK};

	find_area((uintptr_t)&stack);
	action.sa_handler = without_stack;
	CHECK(sigaltstack(&stack, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0,
	      "a handler on another stack");
	raise(SIGUSR1);
	CHECK(false, "the handler does not come back");
	return 1;
}
