/* SPDX-License-Identifier: MIT */
/*
 * memfd_create(2) gives a nameless file in memory, shared by whoever has the descriptor.
 */
#include "tests/test.h"

static int fd;

static void child(void *unused)
{
	char *memory = file_map(fd, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	(void)unused;
	CHECK(page_has(memory, 1), "the child sees the parent's page");
	page_fill(memory + PAGE, 2);
}

int main(void)
{
	char *memory;

	fd = syscall(__NR_memfd_create, "test", 0);
	CHECK(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0, "two pages");
	memory = file_map(fd, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	CHECK(all_bytes_are(memory, 2 * PAGE, 0), "of zeros");
	page_fill(memory, 1);
	in_child(child, NULL);
	CHECK(page_has(memory + PAGE, 2), "the parent sees the child's page");
	CHECK(lseek(fd, 0, SEEK_END) == 2 * PAGE, "two pages still");
	say("a file without a name");
	return 0;
}
