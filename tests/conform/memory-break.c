/* SPDX-License-Identifier: MIT */
/* brk(2) beside mappings, in parts of pages, over what was mapped or protected in the heap. */
#include "memory.h"

static char *start;

/* The break by the call itself: where it is then, from the start of the case on. */
static void move(const char *what, long offset)
{
	long now = syscall(SYS_brk, start + offset) - (long)start;
	say("%s to %ld: %ld", what, offset, now);
}

static void show(const char *what, unsigned count)
{
	char line[41] = "";
	for (unsigned i = 0; i < count; i++)
		line[i] = peek(start + i * PAGE);
	say("%s: %s", what, line);
}

int main(void)
{
	setvbuf(stdout, malloc(4096), _IOFBF, 4096); /* no more of the heap from now on */
	say("start");
	peek("x");
	start = (char *)((syscall(SYS_brk, 0) + PAGE - 1) & ~(PAGE - 1l));
	move("up", 3 * PAGE);
	memset(start, 'h', 3 * PAGE);
	move("a byte up", 3 * PAGE + 1);
	show("holds", 5);
	move("down within the page", 2 * PAGE + 100);
	move("up again", 3 * PAGE);
	show("holds", 4);
	say("a byte behind the old break: %d", start[2 * PAGE + 200]);
	move("down to the page", 2 * PAGE);
	move("up again", 3 * PAGE);
	show("holds", 4);
	move("below the start", -100 * (long)PAGE);
	say("to nothing: %ld", syscall(SYS_brk, 0) - (long)start);

	char *wall = mmap(start + 6 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	                  -1, 0);
	say("a wall: %d", wall == start + 6 * PAGE);
	move("to the wall", 6 * PAGE);
	move("into it", 6 * PAGE + 1);
	move("over it", 8 * PAGE);
	show("holds", 7);
	munmap(wall, PAGE);
	move("without it", 8 * PAGE);
	memset(start, 'i', 8 * PAGE);
	mprotect(start + 2 * PAGE, PAGE, PROT_READ);
	munmap(start + 4 * PAGE, PAGE);
	mmap(start + 5 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	show("protected, unmapped, mapped", 8);
	move("down over all of it", PAGE);
	show("holds", 8);
	move("up again", 8 * PAGE);
	show("holds", 8);
	say("each can be written: %d%d%d", signal_of(write_byte, start + 2 * PAGE),
	    signal_of(write_byte, start + 4 * PAGE), signal_of(write_byte, start + 5 * PAGE));
	mprotect(start + 7 * PAGE, PAGE, PROT_NONE);
	move("up behind a page without rights", 9 * PAGE);
	say("the last ends by %d, the new by %d", signal_of(read_byte, start + 7 * PAGE),
	    signal_of(write_byte, start + 8 * PAGE));
	munmap(start + 8 * PAGE, PAGE);
	move("up behind a hole", 10 * PAGE);
	show("holds", 10);
	move("down behind a hole", 9 * PAGE);
	move("down over it", 8 * PAGE);
	mremap(start + 6 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, start + 20 * PAGE);
	move("up to what was moved", 20 * PAGE);
	move("and no further", 20 * PAGE + 1);
	show("holds", 21);
	return 0;
}
