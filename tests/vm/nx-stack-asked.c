/* SPDX-License-Identifier: MIT */
/*
 * A program whose ELF file asks for an executable stack (PT_GNU_STACK with PF_X) gets one, which
 * grows as such; its data, its heap and what it maps hold no code all the same.
 */
#include "tests/nx.h"

static unsigned char data[] = {NX_RETURN};

static void deeper(uint32_t depth, const char *rights)
{
	volatile unsigned char frame[PAGE] = {NX_RETURN};

	if (depth > 0)
		deeper(depth - 1, rights);
	else
		nx_check((const void *)(uintptr_t)frame, rights, "the stack further down");
	frame[1] = frame[0];
}

static int be_it(const char *rights)
{
	unsigned char on_stack[] = {NX_RETURN};
	unsigned char *heap = sbrk(PAGE), *mapped = (void *)memory_map(PAGE, PROT_READ | PROT_WRITE);

	heap[0] = mapped[0] = NX_RETURN;
	nx_check(on_stack, rights, "the stack");
	deeper(40, rights);
	nx_check(data, "rw-", "data");
	nx_check(heap, "rw-", "the heap");
	nx_check(mapped, "rw-", "a mapping");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return be_it(argv[1]);
	nx_program("asks", PF_R | PF_W | PF_X);
	nx_run("./asks", "rwx");
	nx_program("does-not", PF_R | PF_W);
	nx_run("./does-not", "rw-");
	say("the stack was executable for the program that asked, and nothing else");
	return 0;
}
