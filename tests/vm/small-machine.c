/* SPDX-License-Identifier: MIT */
/*
 * 8 MiB of RAM are enough to fork, to run programs and to compute.
 *
 * guest: mem=8 swap=8
 */
#include "tests/test.h"

static void work(void *seed)
{
	char *memory = memory_map(MIB, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < PAGES(MIB); i++)
		page_fill(memory + i * PAGE, (uintptr_t)seed + i);
	for (uint32_t i = 0; i < PAGES(MIB); i++)
		CHECK(page_has(memory + i * PAGE, (uintptr_t)seed + i), "page %u", i);
}

int main(int argc, char **argv)
{
	pid_t child;

	(void)argv;
	work((void *)77);
	if (argc > 1)
		return 0;
	for (uintptr_t i = 0; i < 10; i++)
		in_child(work, (void *)i);
	child = fork_checked();
	if (!child) {
		execl("/proc/self/exe", "again", "again", NULL);
		_exit(1);
	}
	wait_success(child);
	say("MemTotal %ld KiB, MemFree %ld KiB", meminfo("MemTotal"), meminfo("MemFree"));
	return 0;
}
