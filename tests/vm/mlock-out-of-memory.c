/* SPDX-License-Identifier: MIT */
/*
 * Memory and swap are both full, and part of memory is locked: that part stays where it is, and
 * the process that wants ever more is killed, not the one that has locked little.
 *
 * Pagoda only: nobody's computer shall run out of memory.
 *
 * guest: mem=8 swap=4 pagoda-only
 */
#include "tests/test.h"

#define COUNT 128u

static void want_ever_more(void)
{
	for (;;) {
		char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		                    -1, 0);

		for (uint32_t i = 0; memory != MAP_FAILED && i < PAGES(MIB); i++)
			page_fill(memory + i * PAGE, i);
	}
}

int main(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(mlock(memory, COUNT * PAGE) == 0, "mlock");
	for (uint32_t round = 0; round < 3; round++) {
		pid_t child = fork_checked();

		if (!child)
			want_ever_more();
		int status = wait_status(child);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it is killed: %#x",
		      status);
		CHECK(pages_resident(memory, COUNT * PAGE) == COUNT, "what is locked is there");
		for (uint32_t i = 0; i < COUNT; i++)
			CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	}
	CHECK(munlock(memory, COUNT * PAGE) == 0, "munlock");
	say("3 processes were killed, %u locked pages stayed", COUNT);
	return 0;
}
