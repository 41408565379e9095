/* SPDX-License-Identifier: MIT */
/*
 * Row 4: why several levels. A flat table would take 4 MiB a process, whatever it uses; two levels
 * take a page for each 4 MiB stretch that is in use, PAE's three one for each 2 MiB; an inverted
 * table is one for all.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define PAGES 64u
#define STRETCH (4 * MIB) /* in other page tables, of either kind */

/* How many KiB of page tables PAGES pages take that lie at a distance; in shared memory. */
struct layout {
	size_t distance;
	uintptr_t start;
	int tables;
};

/* Kinds of page table: how many bits of an address choose an entry, from the root on. */
#define LEVELS_MOST 4
static const struct kind {
	const char *name;
	unsigned bits[LEVELS_MOST], entry_bytes;
} kinds[] = {
	{"one level, flat", {20}, 4},
	{"two: i386", {10, 10}, 4},
	{"three: i386 with PAE", {2, 9, 9}, 8},
	{"four: x86-64", {9, 9, 9, 9}, 8},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Bytes of all tables that the pages of a layout take, and nothing else. */
static unsigned bytes_of(const struct kind *kind, const struct layout *layout)
{
	unsigned bytes = 0, below = 12; /* bits that what an entry leads to is chosen by */

	for (unsigned level = LEVELS_MOST; level-- > 0; below += kind->bits[level]) {
		unsigned tables = 0;
		uint64_t last = UINT64_MAX;

		for (unsigned i = 0; kind->bits[level] && i < PAGES; i++) {
			uint64_t address = layout->start + i * layout->distance;
			uint64_t table = address >> (below + kind->bits[level]);

			tables += table != last;
			last = table;
		}
		bytes += tables * (kind->entry_bytes << kind->bits[level]);
	}
	return bytes;
}

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
	layout->start = (uintptr_t)memory;
	layout->tables = (int)(number_in("/proc/self/status", "VmPTE") - before);
	return 0;
}

static struct layout tables_for(size_t distance)
{
	struct layout *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		give_up("no room");
	shared->distance = distance;
	in_child(measure_tables, shared);
	return *shared;
}

static void compare_kinds(const struct layout *dense, const struct layout *sparse)
{
	say("  the same, computed, with all levels:");
	for (unsigned i = 0; i < KINDS; i++) {
		unsigned near = bytes_of(&kinds[i], dense), far = bytes_of(&kinds[i], sparse);

		say("  %-22s %7u KiB  %7u KiB  %6u bytes a page", kinds[i].name, near / KIB,
		    far / KIB, far / PAGES);
	}
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
	    "each process. Tables in levels leave out what nobody uses.");
	step("%u pages each, written in a child of its own", PAGES);
	struct layout dense = tables_for(PAGE), sparse = tables_for(STRETCH);
	bool three_levels = walk_of(0, &dense).three_levels;
	say("  page tables of         one by one  4 MiB apart\n"
	    "  here, measured         %7d KiB  %7d KiB  (this program itself: %ld KiB)",
	    dense.tables, sparse.tables, number_in("/proc/self/status", "VmPTE"));
	compare_kinds(&dense, &sparse);
	claim(dense.tables <= 8, "neighbours share a table (maybe one that was there already): %d KiB",
	      dense.tables);
	claim(sparse.tables >= (int)PAGES * 4 - 8, "scattered pages take a table each: %d KiB",
	      sparse.tables);
	claim(sparse.tables < 4096, "and even that is less than a flat table");
	int computed = (int)(bytes_of(&kinds[three_levels ? 2 : 1], &sparse) / KIB);
	claim(sparse.tables <= computed && sparse.tables >= computed - 16,
	      "what was measured is what was computed, but for directories and what was there");

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
