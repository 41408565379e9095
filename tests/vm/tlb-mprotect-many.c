/* SPDX-License-Identifier: MIT */
/*
 * A right that was taken away is gone at once, even if the page was used the moment before: the
 * processor must not go by what it remembers. Tried on many pages at once, 50 times.
 *
 * tlb: pagedir_protect 1
 */
#include "tests/test.h"

#define COUNT 64

static char *memory;
static volatile uint32_t faults;

static void allow(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	faults++;
	mprotect((void *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1)), PAGE,
	         PROT_READ | PROT_WRITE);
}

int main(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	action.sa_sigaction = allow;
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
	memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t round = 0; round < 50; round++) {
		int rights = round % 2 ? PROT_READ : PROT_NONE;

		for (uint32_t i = 0; i < COUNT; i++)
			((volatile char *)memory)[i * PAGE] = round;
		CHECK(mprotect(memory, COUNT * PAGE, rights) == 0, "take the rights away");
		faults = 0;
		for (uint32_t i = 0; i < COUNT; i++)
			((volatile char *)memory)[i * PAGE]++;
		CHECK(faults == COUNT, "each of %u pages faults once, not %u", COUNT, faults);
		for (uint32_t i = 0; i < COUNT; i++)
			CHECK(memory[i * PAGE] == (char)(round + 1), "and has the right content");
	}
	say("3,200 rights were taken away, and every one was missed");
	return 0;
}
