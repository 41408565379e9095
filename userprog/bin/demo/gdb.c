/* SPDX-License-Identifier: MIT */
/*
 * Row 28: a debugger that stops when a variable changes. QEMU is the processor here, so a gdb
 * outside may set a watchpoint on an address of this program; scripts/gdb/watch.gdb does it.
 * This demo is the program to be watched: it changes a variable every now and then.
 */
#include <stdio.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define CHANGES 5

/* scripts/gdb/watch.gdb knows these names. */
volatile int demo_watched;

static __attribute__((noinline)) void demo_change(int value)
{
	demo_watched = value;
}

void demo_gdb(void)
{
	demo_watched = 0; /* brings its page */
	say("The variable demo_watched lies at %p, in frame %#x. From another terminal:\n\n"
	    "    make qemu GDB=1                                   (instead of make qemu)\n"
	    "    gdb build/pagoda.elf -x scripts/gdb/attach.gdb -x scripts/gdb/watch.gdb\n\n"
	    "then `demo gdb` here. gdb stops at each change below, and prints the old value,\n"
	    "the new one, and who did it.",
	    (void *)&demo_watched, frame_of(0, (void *)&demo_watched));
	step("the program runs");
	unsigned wrong = 0;
	for (int i = 1; i <= CHANGES; i++) {
		demo_change(i * i);
		say("  demo_watched is %d", demo_watched);
		wrong += demo_watched != i * i;
		usleep(quiet ? 1000 : 200000);
	}
	claim(wrong == 0, "watched or not, it runs the same: %d changes", CHANGES);
	say("  A watchpoint is the processor's (here QEMU's): no page protected, no signal sent,\n"
	    "  and single variables can be told apart.");
	try_next("  demo watch               the same by page protection, in the program itself\n"
	         "  scripts/gdb/watch.gdb    what gdb is told\n"
	         "  pagoda help              in gdb: commands that know page tables\n");
}
