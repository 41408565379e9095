/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own writes to user memory break copy-on-write like anyone's: what read(2),
 * pipe(2), fstat(2) and getcwd(3) store in the child does not show in the parent.
 */
#include "tests/test.h"

static char *memory;

static void child(void *fd_pointer)
{
	int fd = (intptr_t)fd_pointer;

	CHECK(pread(fd, memory, PAGE, 0) == (ssize_t)PAGE, "read into a shared page");
	CHECK(page_has(memory, 900), "the child sees what it read");
	CHECK(pipe((int *)(memory + PAGE)) == 0, "pipe into the next");
	CHECK(fstat(fd, (struct stat *)(memory + 2 * PAGE)) == 0, "fstat into the next");
	CHECK(getcwd(memory + 3 * PAGE, PAGE), "getcwd into the next");
	CHECK(memory[3 * PAGE] == '/', "which is there");
}

int main(void)
{
	int fd = file_make("data", 1, 900);

	memory = memory_map(4 * PAGE, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < 4; i++)
		page_fill(memory + i * PAGE, i);
	in_child(child, (void *)(intptr_t)fd);
	for (uint32_t i = 0; i < 4; i++)
		CHECK(page_has(memory + i * PAGE, i), "the parent's page %u has not changed", i);
	say("the kernel respects copy-on-write");
	return 0;
}
