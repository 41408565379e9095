/* SPDX-License-Identifier: MIT */
/*
 * Row 5: the translation look-aside buffer. A translation that the processor remembers costs
 * nothing; one that it has forgotten costs a walk; and when the kernel changes an entry it is
 * the kernel that must make the processor forget: nothing does so by itself.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "userprog/bin/demo/demo.h"

#define MOST 8192u
#define ACCESSES 65536u
#define PAGES 16u

/* Cycles for 100 accesses, going round over the first pages of the memory; the best of five,
 * since interrupts only ever add. */
static unsigned cost(const char *memory, unsigned pages)
{
	uint64_t best = UINT64_MAX;

	for (unsigned round = 0; round < 5; round++) {
		uint64_t start = cycles();
		for (unsigned i = 0; i < ACCESSES; i++)
			(void)*(const volatile char *)&memory[(i & (pages - 1)) * PAGE];
		uint64_t took = cycles() - start;
		if (took < best)
			best = took;
	}
	return (unsigned)(best * 100 / ACCESSES);
}

static void write_all(void *memory)
{
	touch_write(memory, PAGES);
}

void demo_tlb(void)
{
	say("%u pages that were only ever read are all mapped to the one frame of zeros: the data\n"
	    "is always in the processor's cache, so what differs below is translation alone.",
	    MOST);
	step("the time of an access, going round over N pages");
	char *memory = mmap(NULL, MOST * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		give_up("no room");
	touch_read(memory, MOST);
	unsigned first = 0, last = 0;
	for (unsigned pages = 1; pages <= MOST; pages *= 4) {
		last = cost(memory, pages);
		if (pages == 1)
			first = last;
		say("  %5u pages  %4u.%02u cycles", pages, last / 100, last % 100);
	}
	last = cost(memory, MOST);
	say("  %5u pages  %4u.%02u cycles", MOST, last / 100, last % 100);
	bool shows = last > first + first / 4;
	if (shows)
		claim(true, "many translations cost more than one: a TLB is small");
	else
		say("  An emulator that walks the tables as fast as it remembers: no curve to see.");
	say("  (Under QEMU without KVM this is QEMU's own TLB, made of software: the shape of the\n"
	    "  curve is right, the numbers are the emulator's.)");

	step("the kernel's duty: %u pages are written, then made read-only, then written", PAGES);
	char *pages = memory_map(PAGES * PAGE);
	touch_write(pages, PAGES); /* now the TLB has these translations, and they allow writing */
	long one = vmstat("tlb_flush_page"), all = vmstat("tlb_flush_all");
	mprotect(pages, PAGES * PAGE, PROT_READ);
	one = vmstat("tlb_flush_page") - one;
	all = vmstat("tlb_flush_all") - all;
	say("  mprotect of %u pages: %ld invlpg, %ld loads of CR3", PAGES, one, all);
	claim(one >= (long)PAGES || all >= 1, "every translation was taken back");
	unsigned stopped = 0;
	for (unsigned i = 0; i < PAGES; i++)
		stopped += trap_of(write_byte, pages + i * PAGE).signal != 0;
	/* Before a word is said: who waits for the console may lose the processor, and all translations. */
	bool in_a_row_too = trap_of(write_all, pages).signal != 0;
	claim(stopped == PAGES, "%u of %u writes were stopped: none used a remembered right",
	      stopped, PAGES);
	claim(in_a_row_too, "and not in a row either");
	say("  Leave an invlpg out of vm/pagedir.c: this demo and tests/vm/tlb-mprotect fail.");
	try_next("  demo switch                      when everything is forgotten\n"
	         "  grep tlb_ /proc/vmstat           twice, with a command between\n"
	         "  make qemu ACCEL=kvm              the curve of the real processor\n");
	if (!shows)
		give_up("translations take no time");
}
