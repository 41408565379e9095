/* SPDX-License-Identifier: MIT */
/*
 * Row 24: demand paging as an ordinary program. Its "machine" has an address space of 64 pages
 * and 8 frames of memory; a page without rights is not present; SIGSEGV is the page fault; and
 * what is evicted is compressed to one number, since each page is a table of multiples.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "userprog/bin/demo/demo.h"

#define PAGES 64u
#define FRAMES 8u
#define WORDS (PAGE / 4)

static uint32_t *space;        /* PAGES pages, at most FRAMES of which have memory */
static uint32_t store[PAGES];  /* the backing store: what to multiply by */
static unsigned queue[FRAMES]; /* pages that are present, oldest first */
static unsigned present, most_present;
static unsigned page_faults, evictions;

static uint32_t *page_at(unsigned page)
{
	return space + page * WORDS;
}

/* The oldest goes: its content to the store, its memory back to the kernel. */
static void evict(void)
{
	unsigned victim = queue[0];

	memmove(queue, queue + 1, --present * sizeof(queue[0]));
	store[victim] = page_at(victim)[1];
	madvise(page_at(victim), PAGE, MADV_DONTNEED);
	mprotect(page_at(victim), PAGE, PROT_NONE);
	evictions++;
}

static void page_in(unsigned page)
{
	mprotect(page_at(page), PAGE, PROT_READ | PROT_WRITE);
	for (unsigned i = 0; i < WORDS; i++)
		page_at(page)[i] = store[page] * i;
	queue[present++] = page;
	if (present > most_present)
		most_present = present;
}

static void page_fault(int number, siginfo_t *info, void *context)
{
	uintptr_t offset = (uintptr_t)info->si_addr - (uintptr_t)space;

	(void)number, (void)context;
	if (offset >= PAGES * PAGE) {
		signal(SIGSEGV, SIG_DFL); /* not ours: the access fails again, and ends it */
		return;
	}
	page_faults++;
	if (present == FRAMES)
		evict();
	page_in(offset / PAGE);
}

/* The program on this machine: it knows nothing of all that. */
static unsigned wrong_words(void)
{
	unsigned wrong = 0;

	for (unsigned page = 0; page < PAGES; page++)
		for (unsigned i = 0; i < WORDS; i++)
			wrong += page_at(page)[i] != (page + 1) * i;
	return wrong;
}

/* How many have memory, whatever rights they have: what the kernel says of itself. */
static unsigned pages_with_memory(void)
{
	unsigned char resident[PAGES];
	unsigned count = 0;

	if (mincore(space, PAGES * PAGE, resident) != 0)
		give_up("mincore does not work");
	for (unsigned page = 0; page < PAGES; page++)
		count += resident[page] & 1;
	return count;
}

void demo_pager(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	space = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (space == (void *)MAP_FAILED)
		give_up("no room");
	action.sa_sigaction = page_fault;
	sigaction(SIGSEGV, &action, NULL);
	for (unsigned page = 0; page < PAGES; page++)
		store[page] = page + 1;

	say("%u pages of addresses, %u of memory; the program's own handler brings pages and\n"
	    "takes them away, first in, first out.",
	    PAGES, FRAMES);
	step("all %u KiB are read", PAGES * PAGE / KIB);
	unsigned wrong = wrong_words();
	say("  %u page faults, %u evictions, never more than %u present", page_faults, evictions,
	    most_present);
	claim(wrong == 0, "every word was right");
	claim(page_faults == PAGES && evictions == PAGES - FRAMES, "each page was brought once");
	unsigned with_memory = pages_with_memory();
	claim(with_memory <= FRAMES, "the kernel agrees: %u pages in memory", with_memory);

	step("a page is changed, evicted, and comes back");
	page_at(5)[1] = 1000; /* so that the page is the multiples of 1000 */
	for (unsigned page = 20; page < 20 + FRAMES; page++)
		(void)*(volatile uint32_t *)page_at(page);
	claim(page_at(5)[7] == 7000, "word 7 of page 5 is %u: the store had the change",
	      page_at(5)[7]);
	signal(SIGSEGV, SIG_DFL);
	try_next("  vm/fault.c          the kernel's own handler, after this one\n"
	         "  demo policies       better choices than the oldest\n");
}
