/* SPDX-License-Identifier: MIT */
/*
 * Rows 2 and 3: an address is 10 bits of directory index, 10 bits of table index, 12 bits of
 * offset; and what the flags P, W, U, A and D of an entry say before and after a read, a write
 * and a fork.
 */
#include "userprog/bin/demo/demo.h"

static char *page;

static struct walk show(const char *when)
{
	struct walk walk = walk_of(0, page);

	if (walk.present)
		say("  %-16s frame %#6x  P %c U %c %c%s", when, walk.frame,
		    walk.writable ? 'W' : '-', walk.accessed ? 'A' : '-',
		    walk.dirty ? 'D' : '-', walk.no_code ? "  NX" : "");
	else
		say("  %-16s no entry     - - - - -", when);
	return walk;
}

static int child(void *unused)
{
	(void)unused;
	struct walk walk = show("fork: child's");
	(void)*(volatile char *)page;
	walk = show("read by child");
	claim(walk.present && !walk.writable, "the child may look, not write");
	return 0;
}

static void cut_in_three(unsigned long address)
{
	say("An address is not a place. The processor cuts it into three numbers and looks twice:\n"
	    "in the page directory (whose frame CR3 names), and in the page table found there.");
	step("the address %#lx, cut", address);
	say("  bits 31-22  %4lu  entry of the directory\n  bits 21-12  %4lu  entry of the table\n"
	    "  bits 11-0   %4lu  byte of the page",
	    address >> 22, address >> 12 & 1023, address & 4095);
}

static void cut_in_four(unsigned long address)
{
	say("An address is not a place. The processor cuts it into four numbers and looks thrice:\n"
	    "at the four pointers (to which CR3 leads), in the page directory found there, and in\n"
	    "the page table found in that. Entries have 8 bytes, so a table has half as many.");
	step("the address %#lx, cut", address);
	say("  bits 31-30  %4lu  pointer to a directory\n  bits 29-21  %4lu  entry of the directory\n"
	    "  bits 20-12  %4lu  entry of the table\n  bits 11-0   %4lu  byte of the page",
	    address >> 30, address >> 21 & 511, address >> 12 & 511, address & 4095);
}

void demo_walk(void)
{
	page = memory_map(PAGE);

	page[0] = 0;
	bool pae = walk_of(0, page).three_levels;
	page = memory_map(PAGE);
	uintptr_t address = (uintptr_t)page + 0x123;
	if (pae)
		cut_in_four(address);
	else
		cut_in_three(address);

	step("its table entry as things happen to the page");
	claim(!show("mapped").present, "mmap promises a page; no entry is made");
	(void)*(volatile char *)&page[0x123];
	struct walk walk = show("read");
	unsigned zeros = walk.frame;
	claim(walk.present && walk.accessed && !walk.dirty && !walk.writable,
	      "a read sets A; the frame is the one of zeros, which nobody may write");
	page[0x123] = 42;
	walk = show("written");
	unsigned own = walk.frame;
	claim(walk.writable && walk.accessed && walk.dirty, "a write sets D, and A alike");
	claim(own != zeros && own == frame_of(0, page), "in a frame of its own, pagemap's %#x",
	      own);
	unsigned bits = pae ? 9 : 10, low = (1u << bits) - 1;
	claim(walk.directory_index == (address >> (12 + bits) & low) &&
	      walk.table_index == (address >> 12 & low) &&
	      walk.pointer_index == (pae ? address >> 30 : 0),
	      "and the kernel cuts the address as we did");
	in_child(child, NULL);
	walk = show("fork: parent's");
	claim(!walk.writable, "fork takes W from the parent too: copy-on-write");
	page[0x123] = 43;
	walk = show("written again");
	claim(walk.writable && walk.frame == own,
	      "the child is gone, so W comes back, and the frame is the old one");

	step("the whole walk, as /proc/self/walk tells it");
	say("%s  (the area's line, then the page's: entry | what the supplemental table says)",
	    walk.text);
	try_next("  cat /proc/1/walk                               every page of process 1\n"
	         "  make debug, and `pagoda walk ADDRESS` in gdb   the same from outside\n"
	         "  demo tables                                    what the tables cost\n");
}
