/* SPDX-License-Identifier: MIT */
/*
 * A write to read-only memory is SIGSEGV with SEGV_ACCERR; a handler may make the page writable
 * and return, and the instruction then succeeds.
 */
#include "tests/test.h"

static char *memory;
static volatile sig_atomic_t repairs;

static void repair(int number, siginfo_t *info, void *context)
{
	char *page = (char *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1));

	(void)context;
	CHECK(number == SIGSEGV && info->si_code == SEGV_ACCERR, "SIGSEGV by access rights");
	CHECK(page >= memory && page < memory + 4 * PAGE, "si_addr is in our memory");
	CHECK((uintptr_t)info->si_addr % PAGE == 40, "si_addr is the very byte");
	CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect");
	repairs++;
}

int main(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	action.sa_sigaction = repair;
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
	memory = memory_map(4 * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < 3; i++)
		page_fill(memory + i * PAGE, i); /* page 3 is never touched before */
	CHECK(mprotect(memory, 4 * PAGE, PROT_READ) == 0, "make it read-only");
	CHECK(page_has(memory + PAGE, 1), "it can be read");
	for (uint32_t i = 0; i < 4; i++) {
		((volatile char *)memory)[i * PAGE + 40] = 100 + i;
		CHECK(memory[i * PAGE + 40] == (char)(100 + i), "the write took place");
		CHECK(repairs == (int)i + 1, "after one repair");
	}
	((volatile char *)memory)[41] = 1;
	CHECK(repairs == 4, "a repaired page needs no second repair");
	say("4 pages were made writable by the handler");
	return 0;
}
