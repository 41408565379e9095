/* SPDX-License-Identifier: MIT */
/*
 * Row 25: the heap is a library's affair. Small blocks are cut from the program break (brk),
 * large ones are mappings of their own; alignment is found inside a larger block.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "userprog/bin/demo/demo.h"

#define SMALL 100u
#define MANY 100u
#define LARGE (2 * MIB)
#define HUGE (256 * MIB)

/* Takes small blocks until the break moves: the last of them. */
static char *block_that_moves_the_break(unsigned *count)
{
	char *old_break = sbrk(0), *block;

	*count = 0;
	do {
		block = malloc(SMALL);
		++*count;
	} while (sbrk(0) == old_break && *count < 10000);
	return block;
}

static void small_blocks(void)
{
	unsigned count;
	char *first = block_that_moves_the_break(&count); /* what malloc has now is all new */
	char *old_break = sbrk(0);
	char *block = block_that_moves_the_break(&count);
	char *new_break = sbrk(0);

	say("  %u blocks of %u bytes, from %p to %p; then the break moved from %p to %p", count,
	    SMALL, (void *)first, (void *)block, (void *)old_break, (void *)new_break);
	claim(new_break > old_break && block > first && count >= MANY,
	      "malloc asked for %u KiB more, once for many",
	      (unsigned)(new_break - old_break) / KIB);
	struct states states = states_of(old_break, (unsigned)(new_break - old_break) / PAGE);
	claim(states.present < (unsigned)(new_break - old_break) / PAGE,
	      "of these, only %u KiB are in memory yet", states.present * PAGE / KIB);
	free(block);
	claim(malloc(SMALL) == block, "a freed block is the next one given out");
}

static void large_block(void)
{
	char *old_break = sbrk(0);
	unsigned before = resident_pages();
	char *block = malloc(LARGE);

	if (!block)
		give_up("no memory");
	unsigned promised = resident_pages();
	memset(block, 1, LARGE);
	unsigned touched = resident_pages();
	free(block);
	unsigned freed = resident_pages();
	say("  pages in memory: %u before, %u after malloc, %u after memset, %u after free", before,
	    promised, touched, freed);
	claim(sbrk(0) == old_break, "the break did not move: a mapping of its own");
	claim(promised < before + 16, "malloc alone took nothing");
	claim(touched >= promised + LARGE / PAGE, "memset did");
	claim(freed + LARGE / PAGE <= touched, "and free gave it back to the kernel at once");
	struct trap trap = trap_of(read_byte, block);
	claim(trap.signal != 0,
	      "using it after free is answered by a signal; with a small block it "
	      "would go unnoticed");
}

static void aligned_blocks(void)
{
	bool aligned = true;

	for (size_t alignment = 16; alignment <= 64 * KIB; alignment *= 4) {
		void *block;
		if (posix_memalign(&block, alignment, 100) != 0)
			give_up("no memory");
		say("  aligned to %6zu: %p", alignment, block);
		aligned &= (uintptr_t)block % alignment == 0;
		free(block);
	}
	claim(aligned, "each address is a multiple of its alignment");
}

void demo_malloc(void)
{
	say("malloc knows no pages, and the kernel knows no blocks; they meet at brk and mmap.");
	step("small blocks");
	small_blocks();
	step("a block of %u KiB", LARGE / KIB);
	large_block();
	step("posix_memalign");
	aligned_blocks();
	step("more than there is: %u MiB", HUGE / MIB);
	char *huge = malloc(HUGE);
	say("  the machine has %ld MiB; malloc gives %p", meminfo("MemTotal") / 1024, (void *)huge);
	if (huge) {
		huge[0] = huge[HUGE - 1] = 1;
		claim(states_of(huge + PAGE, HUGE / PAGE / 64).present == 0,
		      "a promise costs nothing: two pages of it were touched, and those are there");
	}
	free(huge);
	try_next("  lib/user/malloc.c      the whole of it\n"
	         "  demo demand            how the promised pages come\n");
}
