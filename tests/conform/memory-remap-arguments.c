/* SPDX-License-Identifier: MIT */
/* mremap(2): what it refuses, and what is there afterwards. */
#include "memory.h"

#define MAY MREMAP_MAYMOVE
#define FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)
#define DONT (MREMAP_MAYMOVE | MREMAP_DONTUNMAP)

static void refill(void)
{
	arena_clear();
	put(0, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, 'a');
	put(4, 2, PROT_READ, MAP_PRIVATE, 'k');
	put(8, 2, PROT_READ | PROT_WRITE, MAP_SHARED, 'p');
	put(16, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, 't');
}

int main(void)
{
	static const struct {
		int old, old_offset, new, new_offset; /* pages, and bytes more; new -1: 0 */
		unsigned long old_size, new_size;
		int flags;
		const char *what;
	} tries[] = {
		{0, 1, -1, 0, PAGE, PAGE, 0, "not aligned"},
		{0, 0, -1, 0, PAGE, 0, 0, "to nothing"},
		{0, 0, -1, 0, PAGE, 0, MAY, "to nothing, may move"},
		{0, 0, -1, 0, PAGE, 2 * PAGE, 8, "an unknown flag"},
		{0, 0, 12, 0, PAGE, PAGE, MREMAP_FIXED, "fixed alone"},
		{0, 0, 12, 0, PAGE, PAGE, MREMAP_DONTUNMAP, "dontunmap alone"},
		{0, 0, 12, 5, PAGE, PAGE, FIXED, "fixed, not aligned"},
		{0, 0, 12, 5, PAGE, PAGE, MAY, "a new address without fixed"},
		{0, 0, 12, 5, PAGE, PAGE, DONT, "dontunmap, hint not aligned"},
		{0, 0, 12, 0, PAGE, 2 * PAGE, DONT, "dontunmap, longer"},
		{0, 0, 12, 0, 2 * PAGE, PAGE, DONT, "dontunmap, shorter"},
		{0, 0, 1, 0, 2 * PAGE, 2 * PAGE, FIXED, "over itself"},
		{1, 0, 0, 0, 2 * PAGE, 2 * PAGE, FIXED, "over itself, down"},
		{0, 0, 0, 0, PAGE, PAGE, FIXED, "to where it is"},
		{0, 0, 2, 0, PAGE, 3 * PAGE, FIXED, "onto its own neighbours"},
		{0, 0, -1, 0, 6 * PAGE, 7 * PAGE, MAY, "longer, over two areas"},
		{0, 0, -1, 0, 6 * PAGE, 6 * PAGE, MAY, "as long, over two areas"},
		{0, 0, -1, 0, 6 * PAGE, 5 * PAGE, MAY, "shorter, within the second area"},
		{0, 0, -1, 0, 6 * PAGE, 2 * PAGE, 0, "shorter, over two areas"},
		{0, 0, -1, 0, 20 * PAGE, PAGE, 0, "shorter, over holes"},
		{3, 0, -1, 0, 5 * PAGE, 6 * PAGE, MAY, "longer, over a hole"},
		{6, 0, -1, 0, PAGE, 2 * PAGE, MAY, "nothing there"},
		{6, 0, -1, 0, 2 * PAGE, PAGE, MAY, "nothing there, shorter"},
		{6, 0, -1, 0, PAGE, PAGE, MAY, "nothing there, as long"},
		{0, 0, -1, 0, 0, PAGE, MAY, "private, of no length"},
		{0, 0, -1, 0, 0, PAGE, 0, "private, of no length, may not move"},
		{8, 0, -1, 0, 0, PAGE, 0, "shared, of no length, may not move"},
		{8, 0, 24, 0, 0, 2 * PAGE, FIXED, "shared, of no length, fixed"},
		{9, 0, 24, 0, 0, PAGE, FIXED, "shared, its second page, of no length, fixed"},
		{8, 0, 24, 0, 0, 2 * PAGE, DONT, "shared, of no length, dontunmap"},
		{8, 0, 9, 0, 0, PAGE, FIXED, "shared, of no length, onto itself"},
		{8, 0, 8, 0, 0, PAGE, FIXED, "shared, of no length, over its own start"},
		{9, 0, 9, 0, 0, 5 * PAGE, FIXED, "shared, of no length, over its own end"},
		{9, 0, 8, 0, 0, 2 * PAGE, FIXED, "shared, of no length, from below over itself"},
		{0, 0, -1, 0, PAGE, 0xfffff000ul, MAY, "longer than there are addresses"},
		{0, 0, 12, 0, PAGE, 0xfffff000ul, FIXED, "fixed, longer than there are addresses"},
		{0, 0, -1, 0, 5, 10, 0, "a part of a page"},
		{0, 0, -1, 0, PAGE + 1, 2 * PAGE, 0, "a page and a part"},
		{3, 0, -1, 0, PAGE, 2 * PAGE, 0, "no room"},
		{5, 0, -1, 0, PAGE, 2 * PAGE, 0, "room for one"},
		{5, 0, -1, 0, PAGE, 4 * PAGE, 0, "room for one, not for three"},
		{5, 0, -1, 0, PAGE, 3 * PAGE, 0, "just as much room"},
		{1, 0, -1, 0, PAGE, PAGE, 0, "as it is"},
		{0, 0, 16, 0, 2 * PAGE, 2 * PAGE, FIXED, "onto others"},
		{0, 0, 16, 0, 2 * PAGE, 4 * PAGE, FIXED, "onto others, longer"},
		{0, 0, 16, 0, 4 * PAGE, 2 * PAGE, FIXED, "onto others, shorter"},
		{0, 0, 17, 0, 6 * PAGE, 7 * PAGE, FIXED, "two areas onto others, longer"},
		{0, 0, 17, 0, 6 * PAGE, 5 * PAGE, FIXED, "two areas onto others, shorter"},
		{0, 0, 24, 0, 2 * PAGE, 2 * PAGE, FIXED | MREMAP_DONTUNMAP, "fixed, dontunmap"},
		{8, 0, 24, 0, 2 * PAGE, 2 * PAGE, FIXED | MREMAP_DONTUNMAP, "shared, dontunmap"},
		{0, 0, 16, 0, 2 * PAGE, 2 * PAGE, FIXED | MREMAP_DONTUNMAP, "dontunmap onto others"},
	};
	arena_make();
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		void *new = tries[i].new < 0 ? NULL : at(tries[i].new) + tries[i].new_offset;

		refill();
		errno = 0;
		char *result = remap(at(tries[i].old) + tries[i].old_offset, tries[i].old_size,
		                     tries[i].new_size, tries[i].flags, new);
		say_place(result, "%s", tries[i].what);
		if (result != MAP_FAILED && (result < arena || result >= at(ARENA))) {
			say("  there: %c", peek(result));
			munmap(result, tries[i].new_size);
		}
		picture(30, "  here");
	}
	return 0;
}
