/* SPDX-License-Identifier: MIT */
/*
 * fork(2) followed by execve(2) copies next to nothing: a process with 8 MiB does it 20 times in
 * a guest with 16 MiB and no swap, and the faults are counted.
 *
 * guest: mem=16 swap=0
 */
#include "tests/test.h"

#define BYTES (8 * MIB)

int main(int argc, char **argv)
{
	char *memory;
	long before;

	(void)argv;
	if (argc > 1)
		return 7;
	memory = memory_map(BYTES, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		page_fill(memory + i * PAGE, i);
	before = faults_minor();
	for (uint32_t round = 0; round < 20; round++) {
		pid_t child = fork_checked();
		int status;

		if (!child) {
			execl("/proc/self/exe", "child", "child", NULL);
			_exit(1);
		}
		status = wait_status(child);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the program ran");
	}
	CHECK(faults_minor() - before < 2000, "few pages of the parent's were copied: %ld faults",
	      faults_minor() - before);
	for (uint32_t i = 0; i < PAGES(BYTES); i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u of the parent", i);
	say("20 times fork and exec: %ld faults in a parent of %u pages", faults_minor() - before,
	    PAGES(BYTES));
	return 0;
}
