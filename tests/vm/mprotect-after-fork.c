/* SPDX-License-Identifier: MIT */
/*
 * A forked process takes rights from pages of which it has written none: they are taken from it
 * alone. Its parent goes on to read and write there, and what the parent reads does not come to
 * light in the child, nor what it writes.
 */
#include "tests/test.h"

#define SPAN  (4 * MIB)
#define COUNT PAGES(SPAN)
#define AT    300u

static void child(char *pages, int told, int tells)
{
	char go = 0;

	CHECK(mprotect(pages + AT * PAGE, PAGE, PROT_NONE) == 0, "no rights at one page");
	CHECK(mprotect(pages + (AT + 1) * PAGE, PAGE, PROT_READ) == 0, "none to write at the next");
	CHECK(write(tells, "x", 1) == 1 && read(told, &go, 1) == 1, "the parent reads and writes");
	CHECK_DIES(read_byte, pages + AT * PAGE, SIGSEGV, SEGV_ACCERR, pages + AT * PAGE);
	CHECK_DIES(write_byte, pages + (AT + 1) * PAGE, SIGSEGV, SEGV_ACCERR,
	           pages + (AT + 1) * PAGE);
	for (uint32_t i = AT + 1; i < COUNT; i++)
		CHECK(page_has(pages + i * PAGE, i), "page %u is as at the fork", i);
	_exit(0);
}

int main(void)
{
	char *reserved = memory_map(2 * SPAN, PROT_READ | PROT_WRITE);
	char *memory = (char *)(((uintptr_t)reserved + SPAN - 1) & ~(uintptr_t)(SPAN - 1));
	int down[2], up[2];
	char ready;

	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(pipe(down) == 0 && pipe(up) == 0, "pipes");
	pid_t pid = fork_checked();
	if (!pid)
		child(memory, down[0], up[1]);
	CHECK(read(up[0], &ready, 1) == 1, "the child has taken its rights");
	CHECK(page_has(memory + AT * PAGE, AT), "the parent reads");
	for (uint32_t i = AT + 1; i < COUNT; i++)
		page_fill(memory + i * PAGE, 2 * i);
	CHECK(write(down[1], "x", 1) == 1, "the child looks");
	wait_success(pid);
	for (uint32_t i = AT + 1; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, 2 * i), "page %u is the parent's own", i);
	say("rights that one of two took away are the other's still");
	return 0;
}
