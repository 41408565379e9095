/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out, without swap: the process that takes it all is killed by SIGKILL, and its
 * parent lives and can use the memory. Pagoda only: on a person's Linux it would hurt others.
 *
 * guest: mem=16 swap=0 pagoda-only
 */
#include "tests/test.h"

static void take_all(void)
{
	for (uint32_t n = 0;; n++) {
		char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		                    -1, 0);

		if (memory == MAP_FAILED)
			_exit(1);
		for (uint32_t i = 0; i < MIB; i += PAGE)
			memory[i] = n;
	}
}

int main(void)
{
	char *memory = memory_map(MIB, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(MIB); i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t round = 0; round < 5; round++) {
		pid_t child = fork_checked();
		int status;

		if (!child)
			take_all();
		status = wait_status(child);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it is killed: %#x",
		      status);
		for (uint32_t i = 0; i < PAGES(MIB); i++)
			CHECK(page_has(memory + i * PAGE, i), "the parent's page %u", i);
		in_child(write_byte, memory_map(4 * MIB, PROT_READ | PROT_WRITE));
	}
	say("5 greedy processes were killed");
	return 0;
}
