/* SPDX-License-Identifier: MIT */
/*
 * sigreturn(2) from a frame that was tampered with: whatever segments and flags it asks for, the
 * program gets no more rights than it has. It may be killed; the parent lives.
 */
#include "tests/test.h"

#include <ucontext.h>

static int attack;

static void handler(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number;
	(void)info;
	switch (attack) {
	case 0: registers[REG_CS] = 0x08; break;        /* the kernel's code, on many systems */
	case 1: registers[REG_SS] = 0x10; break;
	case 2: registers[REG_DS] = 0x7777; break;
	case 3: registers[REG_EFL] |= 0x3000; break;    /* the right to use ports */
	case 4: registers[REG_EIP] = 0xC0100000; break;
	case 5: registers[REG_EFL] |= 0x20000; break;   /* virtual 8086 mode */
	case 6: registers[REG_CS] = 0; break;
	case 7: registers[REG_GS] = 0x08; break;
	}
}

int main(void)
{
	uint32_t killed = 0;

	for (attack = 0; attack < 8; attack++) {
		pid_t child = fork_checked();
		int status;

		if (!child) {
			struct sigaction action = {.sa_flags = SA_SIGINFO};

			action.sa_sigaction = handler;
			sigaction(SIGUSR1, &action, NULL);
			raise(SIGUSR1);
			/* With the right to use ports this would go through. */
			if (attack == 3)
				__asm__ volatile("outb %%al, $0x80" : : "a"(0));
			_exit(0);
		}
		status = wait_status(child);
		CHECK(attack != 3 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV),
		      "a port is out of reach: %#x", status);
		CHECK(attack != 4 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV),
		      "the kernel too: %#x", status);
		killed += WIFSIGNALED(status);
	}
	say("8 false frames, %u processes killed", killed);
	return 0;
}
