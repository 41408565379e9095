/* SPDX-License-Identifier: MIT */
/*
 * The swap disk's own speed: read in pieces of 1 MiB, past the page cache if the kernel can
 * (O_DIRECT). It tells ticks per page.
 */
#define _GNU_SOURCE
#include "tests/bench/bench.h"

#include <asm/fcntl.h>

#define COUNT 64 /* MiB */

static char *buffer;
static int fd;

static void read_disk(void)
{
	for (unsigned i = 0; i < COUNT; i++)
		CHECK(pread(fd, buffer, MIB, i * MIB) == (ssize_t)MIB, "MiB %u can be read", i);
}

static const struct row rows[] = {
	{"disk-read", PAGES(COUNT * MIB), NULL, read_disk, NULL, NULL, 5},
};

int main(int count, char **arguments)
{
	(void)count;
	fd = open("/dev/vdb", O_RDONLY | O_DIRECT);
	CHECK(fd >= 0, "/dev/vdb can be opened");
	memory_get(PAGES(MIB));
	buffer = memory;
	return BENCH(rows, arguments);
}
