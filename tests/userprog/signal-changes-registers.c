/* SPDX-License-Identifier: MIT */
/*
 * A handler may change the interrupted program: what it writes to its context is what the program
 * goes on with. Here it skips an instruction that cannot succeed and supplies the result.
 */
#include "tests/test.h"

#include <ucontext.h>

static void skip(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number;
	CHECK(info->si_addr == (void *)16, "the address of the fault");
	registers[REG_EAX] = 4711;
	registers[REG_EIP] += 2; /* the length of mov (%ecx), %eax */
}

int main(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	action.sa_sigaction = skip;
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
	for (int i = 0; i < 100; i++) {
		uint32_t eax = 0, edx = 0x5A5A + i, esi = 0x1234 + i;

		__asm__ volatile("movl (%%ecx), %%eax" : "+a"(eax), "+d"(edx), "+S"(esi) : "c"(16));
		CHECK(eax == 4711, "eax has what the handler wrote, not %u", eax);
		CHECK(edx == 0x5A5Au + i && esi == 0x1234u + i, "other registers are kept");
	}
	say("100 faults were skipped");
	return 0;
}
