/* SPDX-License-Identifier: MIT */
/*
 * First touches of anonymous memory, what taking it away costs, and a program that repairs its
 * own faults.
 */
#include "tests/bench/bench.h"

#define COUNT 4096u /* pages */
#define FEW   256u  /* that an idle moment may prepare for */

static void get(void)
{
	memory_get(COUNT);
}

static void get_after_idling(void)
{
	usleep(200000);
	memory_get(FEW);
}

static void get_zeros(void)
{
	memory_get(COUNT);
	memory_read();
}

static void get_written(void)
{
	memory_get(COUNT);
	memory_write();
}

static void get_one(void)
{
	get_written();
	mprotect(memory, PAGE, PROT_READ);
}

static void repair(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info, (void)context;
	mprotect(memory, PAGE, PROT_READ | PROT_WRITE);
}

static void repair_and_protect(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO, .sa_sigaction = repair};

	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < 100; i++) {
		*(volatile char *)memory = 1;
		mprotect(memory, PAGE, PROT_READ);
	}
}

static const struct row rows[] = {
	{"anon-write", COUNT, get, memory_write, memory_write, memory_drop, 0},
	{"anon-write-idle", FEW, get_after_idling, memory_write, memory_write, memory_drop, 0},
	{"anon-read", COUNT, get, memory_read, memory_read, memory_drop, 0},
	{"anon-zero-write", COUNT, get_zeros, memory_write, memory_write, memory_drop, 0},
	{"unmap-page", COUNT, get_written, memory_drop, NULL, NULL, 0},
	{"segv-repair", 100, get_one, repair_and_protect, NULL, memory_drop, 0},
};

int main(int count, char **arguments)
{
	(void)count;
	return BENCH(rows, arguments);
}
