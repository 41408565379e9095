/* SPDX-License-Identifier: MIT */
/*
 * Row 24, page tricks in user mode: detect which pages a program reads and writes, and use
 * that for a checkpoint that saves only what changes, by mprotect(2) and SIGSEGV.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "userprog/bin/demo/demo.h"

#define PAGES 16u
#define WRITE_ACCESS 2 /* in the error code of a page fault */

static volatile char *memory;
static bool was_read[PAGES], was_written[PAGES];
static char saved[PAGES][PAGE]; /* of a checkpoint: pages as they were before the first write */

/* Which page of the memory; anything else is a true error. */
static unsigned page_index(const siginfo_t *info)
{
	uintptr_t offset = (uintptr_t)info->si_addr - (uintptr_t)memory;

	if (offset >= PAGES * PAGE)
		signal(SIGSEGV, SIG_DFL);
	return offset / PAGE % PAGES;
}

/* A page without rights is read or written for the first time. A read gets it the right to
 * be read; a write is seen as such, also later. */
static void note_access(int signal, siginfo_t *info, void *context)
{
	unsigned i = page_index(info);
	bool write = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & WRITE_ACCESS;

	(void)signal;
	if (write)
		was_written[i] = true;
	else
		was_read[i] = true;
	mprotect((char *)memory + i * PAGE, PAGE, write ? PROT_READ | PROT_WRITE : PROT_READ);
}

/* A page of a checkpoint is written for the first time: its old content is kept. */
static void save_page(int signal, siginfo_t *info, void *context)
{
	unsigned i = page_index(info);

	(void)signal, (void)context;
	memcpy(saved[i], (char *)memory + i * PAGE, PAGE);
	was_written[i] = true;
	mprotect((char *)memory + i * PAGE, PAGE, PROT_READ | PROT_WRITE);
}

static void checkpoint(void)
{
	memset(was_written, 0, sizeof(was_written));
	mprotect((char *)memory, PAGES * PAGE, PROT_READ);
}

/* Back to the checkpoint; returns how many pages that took. */
static unsigned restore(void)
{
	unsigned pages = 0;

	for (unsigned i = 0; i < PAGES; i++)
		if (was_written[i]) {
			memcpy((char *)memory + i * PAGE, saved[i], PAGE);
			pages++;
		}
	checkpoint();
	return pages;
}

static void handle(void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};

	action.sa_sigaction = handler;
	sigaction(SIGSEGV, &action, NULL);
}

static void detect(void)
{
	char letters[PAGES + 1] = "";

	handle(note_access);
	mprotect((char *)memory, PAGES * PAGE, PROT_NONE);
	int sum = memory[2 * PAGE] + memory[3 * PAGE]; /* reads 2 and 3 */
	memory[5 * PAGE] = 1;                          /* writes 5 */
	memory[3 * PAGE] = (char)sum;                  /* and 3, which it has read */
	for (unsigned i = 0; i < PAGES; i++)
		letters[i] = was_read[i] ? was_written[i] ? 'B' : 'R' : was_written[i] ? 'W' : '.';
	say("  pages 0 to %u: %s   (Read, Written, Both)", PAGES - 1, letters);
	claim(strcmp(letters, "..RB.W..........") == 0, "exactly what the program did");
}

static void go_back(void)
{
	mprotect((char *)memory, PAGES * PAGE, PROT_READ | PROT_WRITE);
	for (unsigned i = 0; i < PAGES; i++)
		memory[i * PAGE] = (char)i;
	handle(save_page);
	checkpoint();
	memory[1 * PAGE] = 100;
	memory[9 * PAGE] = 101;
	memory[9 * PAGE + 1] = 102;
	say("  after the checkpoint: page 1 begins with %d, page 9 with %d", memory[PAGE],
	    memory[9 * PAGE]);
	unsigned pages = restore();
	say("  after going back:     page 1 begins with %d, page 9 with %d; %u pages copied",
	    memory[PAGE], memory[9 * PAGE], pages);
	claim(memory[PAGE] == 1 && memory[9 * PAGE] == 9 && memory[9 * PAGE + 1] == 0,
	      "the memory is what it was");
	claim(pages == 2, "%u of %u pages were saved and brought back", pages, PAGES);
}

void demo_checkpoint(void)
{
	memory = memory_map(PAGES * PAGE);
	say("A page without the right to be written tells of the first write to it, by a signal.");
	step("which of %u pages does a piece of program read and write?", PAGES);
	detect();
	step("a checkpoint: keep a page's content when it is first written");
	go_back();
	signal(SIGSEGV, SIG_DFL);
	try_next("  demo watch     the same for one variable\n"
	         "  demo pager     the same for paging\n"
	         "  demo cow       the kernel's own use of this trick\n");
}
