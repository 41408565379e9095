/* SPDX-License-Identifier: MIT */
/*
 * In chaos mode entries are dropped and frames evicted at random all the time. No program may
 * notice: not one that uses more memory than there is, nor one that forks, nor one that maps files.
 *
 * guest: mem=12 swap=32 cmdline="vm.chaos=7"
 */
#include "tests/test.h"

#define COUNT PAGES(6 * MIB)

static void fork_and_write(void *unused)
{
	char *memory = memory_map(200 * PAGE, PROT_READ | PROT_WRITE);

	(void)unused;
	for (uint32_t i = 0; i < 200; i++)
		page_fill(memory + i * PAGE, i);
	for (uint32_t round = 0; round < 5; round++) {
		pid_t child = fork_checked();
		if (!child) {
			for (uint32_t i = 0; i < 200; i++)
				page_fill(memory + i * PAGE, 1000 + i);
			for (uint32_t i = 0; i < 200; i++)
				CHECK(page_has(memory + i * PAGE, 1000 + i), "the child's own %u",
				      i);
			_exit(0);
		}
		for (uint32_t i = 0; i < 200; i++)
			CHECK(page_has(memory + i * PAGE, i), "the parent's own %u", i);
		wait_success(child);
	}
}

static void map_file(void *unused)
{
	int fd = file_make("data", 100, 500);
	char *shared = file_map(fd, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *private = file_map(fd, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	static char page[PAGE];

	(void)unused;
	for (uint32_t i = 0; i < 100; i += 2)
		page_fill(shared + i * PAGE, 2000 + i);
	for (uint32_t i = 1; i < 100; i += 2)
		page_fill(private + i * PAGE, 3000 + i);
	for (uint32_t i = 0; i < 100; i++) {
		uint32_t seed = i % 2 ? 500 + i : 2000 + i;

		CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE && page_has(page, seed),
		      "page %u of the file", i);
		CHECK(page_has(private + i * PAGE, i % 2 ? 3000 + i : seed), "private page %u", i);
	}
}

int main(void)
{
	char *memory = memory_map(COUNT * PAGE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	in_child(fork_and_write, NULL);
	in_child(map_file, NULL);
	for (uint32_t i = 0; i < COUNT; i++)
		CHECK(page_has(memory + i * PAGE, i), "page %u is intact", i);
	say("nobody noticed");
	return 0;
}
