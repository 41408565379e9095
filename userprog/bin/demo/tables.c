/* SPDX-License-Identifier: MIT */
/*
 * Row 4: why two levels. A flat table would take 4 MiB a process, whatever it uses; two levels
 * take a page for each 4 MiB stretch that is in use; an inverted table is one for all.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define PAGES 64u
#define STRETCH (4 * MIB) /* what one page table maps */

/* How many KiB of page tables PAGES pages take that lie at a distance; in shared memory. */
struct layout {
	size_t distance;
	int tables;
};

static int measure_tables(void *shared)
{
	struct layout *layout = shared;
	size_t step = layout->distance, bytes = step * (PAGES - 1) + PAGE;
	long before = number_in("/proc/self/status", "VmPTE");
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		give_up("no room for %zu MiB of addresses", bytes / MIB);
	for (unsigned i = 0; i < PAGES; i++)
		memory[i * step] = 1;
	layout->tables = (int)(number_in("/proc/self/status", "VmPTE") - before);
	return 0;
}

static int tables_for(size_t distance)
{
	struct layout *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		give_up("no room");
	shared->distance = distance;
	in_child(measure_tables, shared);
	return shared->tables;
}

static int sleeper(void *unused)
{
	(void)unused;
	pause();
	return 0;
}

void demo_tables(void)
{
	say("One flat table for 4 GiB of addresses: 1,048,576 entries of 4 bytes, 4096 KiB for\n"
	    "each process. Two levels leave out what nobody uses.");
	step("%u pages each, written in a child of its own", PAGES);
	int dense = tables_for(PAGE);
	int sparse = tables_for(STRETCH);
	long own = number_in("/proc/self/status", "VmPTE");
	say("                       page tables    a page's share\n"
	    "  one after another  %7d KiB     %7d bytes\n"
	    "  4 MiB apart        %7d KiB     %7d bytes\n"
	    "  flat               %7u KiB     %7u bytes\n"
	    "  (this program itself: %ld KiB)",
	    dense, dense * 1024 / (int)PAGES, sparse, sparse * 1024 / (int)PAGES, 4096u,
	    4096 * 1024 / PAGES, own);
	claim(dense <= 8, "neighbours share a table (maybe one that was there already): %d KiB",
	      dense);
	claim(sparse >= (int)PAGES * 4 - 8, "scattered pages take a table each: %d KiB", sparse);
	claim(sparse < 4096, "and even that is less than a flat table");

	step("the inverted table: from a frame to those who map it");
	unsigned frame = frame_of(0, (void *)(uintptr_t)demo_tables);
	unsigned before = times_mapped(frame);
	pid_t child = child_start(sleeper, NULL);
	usleep(50000);
	unsigned after = times_mapped(frame), same = frame_of(child, (void *)(uintptr_t)demo_tables);
	kill(child, 9);
	waitpid(child, NULL, 0);
	say("  This function lies in frame %#x. /proc/kpagecount, read at that frame's number alone:\n"
	    "  mapped %u times, and %u times while a child lives.", frame, before, after);
	claim(after == before + 1 && same == frame, "the child's table leads to the same frame");
	say("  Pagoda's frame table (vm/frame.h) has the answer at hand: one record for each of\n"
	    "  the machine's %ld frames, however many processes there are.",
	    meminfo("MemTotal") / 4);
	try_next("  grep VmPTE /proc/*/status     what the page tables of others take\n"
	         "  demo inverted                 a hash beside it: what a look-up costs\n"
	         "  demo text                     the same frames under two programs\n");
}
