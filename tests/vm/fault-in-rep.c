/* SPDX-License-Identifier: MIT */
/*
 * An exception is precise: the instruction that faults has done nothing yet. All but those with a
 * rep prefix: they may fault in their middle, and what is done shows in the registers, so that the
 * same instruction goes on from there.
 */
#include "tests/test.h"

#include <ucontext.h>

#define BYTES 100u
#define BEFORE 60u /* so many lie in the page that may be written */

static char *memory;
static greg_t registers[NGREG];
static volatile sig_atomic_t faults;

static void look_and_repair(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info;
	memcpy(registers, ((ucontext_t *)context)->uc_mcontext.gregs, sizeof(registers));
	CHECK(mprotect(memory + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0, "the page is given back");
	faults++;
}

/* rep stosb over the border; returns how many bytes it says are left, at its end. */
static uint32_t fill(char *from, char byte)
{
	uint32_t left = BYTES;

	__asm__ volatile("rep stosb" : "+D"(from), "+c"(left) : "a"(byte) : "memory");
	return left;
}

/* push: esp must be as it was, and the word not half written. */
static void push_at(char *top)
{
	__asm__ volatile("movl %%esp, %%esi\n\t"
	                 "movl %0, %%esp\n\t"
	                 "pushl $-1\n\t"
	                 "movl %%esi, %%esp" : : "r"(top) : "esi", "memory");
}

static void take_away(void)
{
	CHECK(mprotect(memory + PAGE, PAGE, PROT_NONE) == 0, "the second page is taken away");
}

int main(void)
{
	static char handler_stack[16 * PAGE];
	stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	action.sa_sigaction = look_and_repair;
	CHECK(sigaltstack(&stack, NULL) == 0, "a stack for the handler");
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
	memory = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);

	take_away();
	CHECK(fill(memory + PAGE - BEFORE, 'x') == 0, "rep stosb ends");
	CHECK(faults == 1, "after one fault");
	CHECK((uint32_t)registers[REG_ECX] == BYTES - BEFORE, "which came when %u were left, not %u",
	      BYTES - BEFORE, (uint32_t)registers[REG_ECX]);
	CHECK(registers[REG_EDI] == (greg_t)(uintptr_t)(memory + PAGE), "edi is at the border");
	for (unsigned i = 0; i < BYTES; i++)
		CHECK(memory[PAGE - BEFORE + i] == 'x', "byte %u is written", i);

	take_away();
	push_at(memory + PAGE + 8);
	CHECK(faults == 2, "a push faults once");
	CHECK(registers[REG_ESP] == (greg_t)(uintptr_t)(memory + PAGE + 8), "esp had not moved");
	CHECK(*(uint32_t *)(memory + PAGE + 4) == UINT32_MAX, "the second time it wrote");
	say("rep stosb went on where it had stopped; push began anew");
	return 0;
}
