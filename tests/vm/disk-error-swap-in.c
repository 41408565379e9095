/* SPDX-License-Identifier: MIT */
/*
 * Pages whose swap slots cannot be read any more: SIGBUS for the program that touches such a page
 * and for nobody else, EFAULT for a system call. Every other page is intact; a program that knows
 * how to lives on without the lost ones; and the slots' next pages are as unlucky, no more.
 *
 * pagoda-only: the disk's errors are made by QEMU.
 * guest: mem=8 swap=6 errors="swap:read:300-320 swap:read:800-820 swap:read:1300-1320" pagoda-only
 */
#include <setjmp.h>

#include "tests/test.h"

#define COUNT PAGES(8 * MIB)

static char *memory;
static sigjmp_buf missed;

static void bus_error(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	CHECK((char *)info->si_addr >= memory && (char *)info->si_addr < memory + COUNT * PAGE,
	      "the address is in our memory");
	siglongjmp(missed, 1);
}

static void fill(int flags)
{
	memory = mmap(NULL, COUNT * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED, "mmap");
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
}

/* Looks at all pages; counts the lost ones, and leaves the address of one. */
static uint32_t look(char **lost)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};
	volatile uint32_t losses = 0;

	action.sa_sigaction = bus_error;
	CHECK(sigaction(SIGBUS, &action, NULL) == 0, "sigaction");
	for (volatile uint32_t i = 0; i < COUNT; i++) {
		if (sigsetjmp(missed, 1)) {
			losses++;
			*lost = memory + i * PAGE;
		} else {
			CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
		}
	}
	signal(SIGBUS, SIG_DFL);
	return losses;
}

static void lives_on(void *flags)
{
	char *lost = NULL;
	int ends[2];

	CHECK(mlockall(MCL_CURRENT) == 0, "what runs stays in memory");
	fill(*(int *)flags);
	uint32_t losses = look(&lost);
	CHECK(losses >= 1 && losses <= 63, "some of 63 pages are lost, not %u", losses);
	CHECK(pipe(ends) == 0, "a pipe");
	CHECK_ERRNO(write(ends[1], lost, PAGE), EFAULT);
	CHECK(look(&lost) == losses, "the same are lost when looked at again");
	say("%u of %u pages are lost, the others intact", losses, COUNT);
}

static void unprepared(void *unused)
{
	(void)unused;
	mlockall(MCL_CURRENT);
	fill(MAP_PRIVATE);
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
}

int main(void)
{
	int private = MAP_PRIVATE, shared = MAP_SHARED;

	CHECK(mlockall(MCL_CURRENT) == 0, "what runs stays in memory");
	in_child(lives_on, &private);
	in_child(lives_on, &shared);

	pid_t child = fork_checked();
	if (!child) {
		unprepared(NULL);
		_exit(0);
	}
	int status = wait_status(child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS,
	      "who is not prepared is killed by SIGBUS, not %#x", status);
	say("the unprepared were killed, and we live on");
	return 0;
}
