/* SPDX-License-Identifier: MIT */
/*
 * Paging in user mode: a program keeps 64 pages of data in 8 pages of memory. A handler for
 * SIGSEGV brings in the page that is touched and writes another out to a file.
 */
#include "tests/test.h"

#define TOTAL 64
#define KEPT 8

static char *memory;
static int store;
static int queue[KEPT]; /* the pages that may be accessed, first in, first out */
static uint32_t brought_in;

static void page_in(int number, siginfo_t *info, void *context)
{
	int page = ((char *)info->si_addr - memory) / (int)PAGE;
	int *slot = &queue[brought_in++ % KEPT];

	(void)number;
	(void)context;
	CHECK(page >= 0 && page < TOTAL, "the fault is in our memory");
	if (*slot >= 0) {
		char *victim = memory + *slot * PAGE;

		CHECK(pwrite(store, victim, PAGE, *slot * PAGE) == (ssize_t)PAGE, "write out");
		CHECK(mmap(victim, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
		      == victim, "give the victim's memory up");
	}
	*slot = page;
	CHECK(mprotect(memory + page * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0, "allow access");
	CHECK(pread(store, memory + page * PAGE, PAGE, page * PAGE) == (ssize_t)PAGE, "read in");
}

int main(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};
	uint32_t random = 5, increments = 0;

	action.sa_sigaction = page_in;
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
	store = file_make("store", TOTAL, 0);
	memory = memory_map(TOTAL * PAGE, PROT_NONE);
	memset(queue, -1, sizeof(queue));
	for (uint32_t i = 0; i < TOTAL; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u comes from the store", i);
	CHECK(brought_in == TOTAL, "%u pages were brought in, not %u", TOTAL, brought_in);
	for (uint32_t i = 0; i < 2000; i++) {
		volatile uint32_t *page = (void *)(memory + next_random(&random) % TOTAL * PAGE);

		page[9]++;
	}
	for (uint32_t i = 0; i < TOTAL; i++)
		increments += ((uint32_t *)(memory + i * PAGE))[9] - pattern(i, 9);
	CHECK(increments == 2000, "no increment was lost: %u of 2000", increments);
	CHECK(smaps_sum(memory, TOTAL * PAGE, "Rss") <= (long)(KEPT + 1) * 4, "8 pages of memory");
	say("64 pages lived in 8: %u times one was brought in", brought_in);
	return 0;
}
