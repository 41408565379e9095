/* SPDX-License-Identifier: MIT */
/*
 * A handler on a stack of its own can run when the program's stack has overflowed: it finds the
 * fault just below the limit and leaves by a long jump.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

#include <setjmp.h>

static char stack_memory[16384];
static jmp_buf recovered;
static volatile uintptr_t fault_address, handler_frame;

static void handler(int number, siginfo_t *info, void *context)
{
	char here;

	(void)number;
	(void)context;
	fault_address = (uintptr_t)info->si_addr;
	handler_frame = (uintptr_t)&here;
	longjmp(recovered, 1);
}

static __attribute__((noinline)) int descend(int depth)
{
	volatile char mine[1000];

	mine[0] = depth;
	return depth < 0 ? 0 : descend(depth + 1) + mine[0];
}

int main(void)
{
	stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof(stack_memory)}, old;
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	struct rlimit limit = {MIB, MIB};
	char top;

	CHECK(setrlimit(RLIMIT_STACK, &limit) == 0, "a stack of 1 MiB");
	CHECK(sigaltstack(&stack, NULL) == 0, "a stack for handlers");
	CHECK(sigaltstack(NULL, &old) == 0 && old.ss_sp == stack_memory && old.ss_flags == 0,
	      "known");
	action.sa_sigaction = handler;
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
	for (volatile int round = 0; round < 3; round++) {
		if (!setjmp(recovered)) {
			descend(0);
			CHECK(false, "the stack overflows");
		}
		CHECK(handler_frame >= (uintptr_t)stack_memory &&
		      handler_frame < (uintptr_t)stack_memory + sizeof(stack_memory),
			"on its stack");
		CHECK((uintptr_t)&top - fault_address > MIB / 2 &&
		      (uintptr_t)&top - fault_address < MIB + 64 * 1024,
			"the fault is at the limit");
	}
	stack.ss_size = 100;
	CHECK_ERRNO(sigaltstack(&stack, NULL), ENOMEM);
	say("3 overflows were handled");
	return 0;
}
