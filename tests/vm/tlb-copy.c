/* SPDX-License-Identifier: MIT */
/*
 * Another frame comes in a page's place, and the program had just looked at the old one: the frame
 * of zeros, the frame that it shares with its child, the page cache's frame. It is the kernel that
 * writes (read(2) into the page), so that the program itself meets no fault.
 *
 * tlb: set_entry 2
 */
#include "tests/test.h"

static int ends[2];

/* Reads the word, has the kernel write it, and looks whether that is seen. */
static void check_page(char *page, uint32_t expected, const char *what)
{
	volatile uint32_t *word = (void *)page;
	uint32_t new = 0xC0FFEE;

	CHECK(*word == expected, "%s: the old content", what);
	CHECK(write(ends[1], &new, 4) == 4 && read(ends[0], page, 4) == 4, "by way of a pipe");
	CHECK(*word == new, "%s: the new content, not %#x", what, *word);
}

int main(void)
{
	CHECK(pipe(ends) == 0, "a pipe");
	int fd = file_make("data", 1, 77);
	for (uint32_t round = 0; round < 50; round++) {
		char *memory = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);
		check_page(memory, 0, "a page of zeros");

		page_fill(memory + PAGE, round);
		pid_t child = fork_checked();
		if (!child) {
			pause();
			_exit(0);
		}
		check_page(memory + PAGE, pattern(round, 0), "a page shared with the child");
		CHECK(kill(child, SIGKILL) == 0, "the child is not needed any more");
		wait_status(child);

		char *file = file_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
		check_page(file, pattern(77, 0), "a private page of a file");
		munmap(file, PAGE);
		munmap(memory, 2 * PAGE);
	}
	say("150 pages were replaced under the program's eyes");
	return 0;
}
