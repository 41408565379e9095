/* SPDX-License-Identifier: MIT */
/*
 * Pages whose swap slots cannot be read any more: SIGBUS for the program that touches such a page
 * and for nobody else, EFAULT for a system call. Every other page is intact; a program that knows
 * how to lives on without the lost ones; and the slots' next pages are as unlucky, no more.
 *
 * In chaos mode a page may be thrown out, and so be lost, also while it is filled, and between two
 * looks; then the second look may miss more than the first, but never finds one again.
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

static void map(int flags)
{
	memory = mmap(NULL, COUNT * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED, "mmap");
}

static void prepare(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	action.sa_sigaction = bus_error;
	CHECK(sigaction(SIGBUS, &action, NULL) == 0, "sigaction");
}

/* A page that is lost while it is filled is found to be when it is looked at. */
static void fill(void)
{
	for (volatile uint32_t i = 0; i < COUNT; i++) {
		if (!sigsetjmp(missed, 1))
			page_fill(memory + i * PAGE, i);
		else
			CHECK(!pages_stay(), "page %u is lost by chaos alone", i);
	}
}

/* Looks at all pages; counts the lost ones, and leaves the address of one. */
static uint32_t look(char **lost)
{
	volatile uint32_t losses = 0;

	for (volatile uint32_t i = 0; i < COUNT; i++) {
		if (sigsetjmp(missed, 1)) {
			losses++;
			*lost = memory + i * PAGE;
		} else {
			CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
		}
	}
	return losses;
}

static void lives_on(void *flags)
{
	char *lost = NULL;
	int ends[2];

	CHECK(mlockall(MCL_CURRENT) == 0, "what runs stays in memory");
	map(*(int *)flags);
	prepare();
	fill();
	uint32_t losses = look(&lost);
	CHECK(losses >= 1 && losses <= 63, "some of 63 pages are lost, not %u", losses);
	CHECK(pipe(ends) == 0, "a pipe");
	CHECK_ERRNO(write(ends[1], lost, PAGE), EFAULT);
	uint32_t again = look(&lost);
	CHECK(again == losses || (!pages_stay() && again > losses && again <= 63),
	      "the same %u are lost when looked at again, not %u", losses, again);
	say("%u of %u pages are lost, the others intact", losses, COUNT);
}

static void unprepared(void *unused)
{
	(void)unused;
	mlockall(MCL_CURRENT);
	map(MAP_PRIVATE);
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
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
