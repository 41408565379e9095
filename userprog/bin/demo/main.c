/* SPDX-License-Identifier: MIT */
/*
 * demo: shows virtual memory at work, one idea at a time.
 *
 *   demo                 lists the demos
 *   demo NAME            runs one: what it shows, the numbers, what they prove
 *   demo --check NAME    the same for a test: the claims only
 *   demo --names         the names, one a line
 *
 * Exit status: 0 if every claim holds, 1 if one does not, 2 if there is no such demo or it
 * cannot be shown here. The rows are those of docs/concepts.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userprog/bin/demo/demo.h"

struct demo {
	const char *name;
	void (*run)(void);
	const char *rows, *about;
};

static const struct demo demos[] = {
	{"isolation", demo_isolation, "1", "one address, two processes, two values"},
	{"walk", demo_walk, "2 3", "an address through directory and table; P W U A D"},
	{"tables", demo_tables, "4", "what page tables cost: sparse, dense, flat, inverted"},
	{"inverted", demo_inverted, "4", "an inverted table for this machine: chains and look-ups"},
	{"tlb", demo_tlb, "5", "translations remembered, and forgotten when they must be"},
	{"demand", demo_demand, "6 7", "pages arrive when touched; three states of a page"},
	{"faults", demo_faults, "8", "minor and major faults"},
	{"stack", demo_stack, "9", "the stack grows by faults, up to its limit"},
	{"clock", demo_clock, "10", "second chance: the hand goes round, bit by bit"},
	{"policies", demo_policies, "10", "one load under each replacement policy"},
	{"belady", demo_belady, "11 12", "more memory, more faults; and the best possible"},
	{"swap", demo_swap, "13 16", "pages go to the swap device and to files, and return"},
	{"thrashing", demo_thrashing, "14", "the working set, and the knee when it does not fit"},
	{"mmap", demo_mmap, "15", "a file as memory, private and shared"},
	{"cow", demo_cow, "17 18", "fork copies nothing until somebody writes"},
	{"shared", demo_shared, "19", "one frame, two programs, two addresses"},
	{"segv", demo_segv, "20 21", "what is forbidden, how it is answered, how to repair it"},
	{"nx", demo_nx, "21", "a jump into its own stack: a bit of the entry decides (PAE)"},
	{"text", demo_text, "22", "a program that runs twice has its code in memory once"},
	{"maps", demo_maps, "23", "the list of areas, and how full they are"},
	{"checkpoint", demo_checkpoint, "24", "mprotect tells which pages are written; going back"},
	{"watch", demo_watch, "24", "a variable watched by page protection"},
	{"pager", demo_pager, "24", "demand paging written as a program"},
	{"malloc", demo_malloc, "25", "malloc on brk and mmap; aligned memory"},
	{"dma", demo_dma, "26", "devices write to frames while the processor computes"},
	{"switch", demo_switch, "27", "a process switch loads CR3; a system call does not"},
	{"gdb", demo_gdb, "28", "a debugger from outside stops when a variable changes"},
	{"dsm", demo_dsm, "30", "two machines share memory, by page faults over a line"},
	{"drill", demo_drill, "2 17 20", "questions about this process; the machine has the answers"},
	{"threads", demo_threads, "31", "two threads share pages and CR3, two processes do not"},
	{"vdso", demo_vdso, "32", "two pages of the kernel's in every program: the time"},
};

#define COUNT (sizeof(demos) / sizeof(demos[0]))

static int list(void)
{
	printf("demo NAME shows one of these; the numbers are the rows of docs/concepts.md.\n\n");
	for (unsigned i = 0; i < COUNT; i++)
		printf("  %-11s %-6s %s\n", demos[i].name, demos[i].rows, demos[i].about);
	printf("\nThe source of each is userprog/bin/demo/NAME.c.\n");
	return 0;
}

static int list_names(void)
{
	for (unsigned i = 0; i < COUNT; i++)
		puts(demos[i].name);
	return 0;
}

static int run(const char *name)
{
	for (unsigned i = 0; i < COUNT; i++) {
		if (strcmp(demos[i].name, name) != 0)
			continue;
		say("demo %s: %s.\n", name, demos[i].about);
		demos[i].run();
		if (failures)
			printf("demo %s: %u claims do not hold\n", name, failures);
		return failures ? 1 : 0;
	}
	fprintf(stderr, "demo: there is no %s; `demo` lists what there is\n", name);
	return 2;
}

static int run_part(const char *name, const char *argument)
{
	if (strcmp(name, "shared") == 0)
		part_shared(argument);
	else if (strcmp(name, "text") == 0)
		part_text(argument);
	else if (strcmp(name, "vdso") == 0)
		part_vdso(argument);
	else
		return 2;
	return failures ? 1 : 0;
}

int main(int argc, char **argv)
{
	setlinebuf(stdout); /* so that no child repeats what its parent has said */
	if (argc == 1)
		return list();
	if (argc == 2 && strcmp(argv[1], "--names") == 0)
		return list_names();
	if (argc == 2 && argv[1][0] != '-')
		return run(argv[1]);
	if (argc == 3 && strcmp(argv[1], "--check") == 0) {
		quiet = true;
		return run(argv[2]);
	}
	if (argc == 4 && strcmp(argv[1], "--part") == 0)
		return run_part(argv[2], argv[3]);
	fprintf(stderr, "usage: demo [[--check] NAME | --names]\n");
	return 2;
}
