/* SPDX-License-Identifier: MIT */
/*
 * Two programs that know nothing of each other map one file at different addresses and see each
 * other's writes.
 */
#include "tests/test.h"

static int other_program(void)
{
	int fd = open("data", O_RDWR);
	char *room = memory_map(100 * PAGE, PROT_NONE), *memory;

	memory = mmap(room + 50 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
	              fd, 0);
	CHECK(memory == room + 50 * PAGE, "the other program's mapping");
	CHECK(page_has(memory, 1), "it sees the first program's write");
	page_fill(memory + PAGE, 2);
	*(char **)memory = memory;
	return 0;
}

int main(int argc, char **argv)
{
	char *memory;
	pid_t child;

	(void)argv;
	if (argc > 1)
		return other_program();
	memory = file_map(file_make("data", 2, 140), 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	page_fill(memory, 1);
	child = fork_checked();
	if (!child) {
		execl("/proc/self/exe", "other", "other", NULL);
		_exit(1);
	}
	wait_success(child);
	CHECK(page_has(memory + PAGE, 2), "the first program sees the other's write");
	CHECK(*(char **)memory != memory, "the other had it at another address");
	say("one file page, at %p here and at %p there", memory, *(char **)memory);
	return 0;
}
