/* SPDX-License-Identifier: MIT */
/*
 * The swap disk's own speed: written and read in pieces of 1 MiB, past the page cache if the kernel
 * can (O_DIRECT). It tells ticks per page. Swap is switched off meanwhile; its header stays.
 */
#define _GNU_SOURCE
#include "tests/bench/bench.h"

#include <asm/fcntl.h>
#include <sys/swap.h>

#define DISK  "/dev/vdb"
#define COUNT 64u /* MiB, from the second on */

static char *buffer;
static int fd;

static void write_disk(void)
{
	for (unsigned i = 1; i <= COUNT; i++)
		CHECK(pwrite(fd, buffer, MIB, i * MIB) == (ssize_t)MIB, "write MiB %u", i);
}

static void read_disk(void)
{
	for (unsigned i = 1; i <= COUNT; i++)
		CHECK(pread(fd, buffer, MIB, i * MIB) == (ssize_t)MIB, "read MiB %u", i);
}

/* Written first: what was never written may be read faster. */
static const struct row rows[] = {
	{"disk-write", PAGES(COUNT * MIB), NULL, write_disk, NULL, NULL, 5},
	{"disk-read", PAGES(COUNT * MIB), NULL, read_disk, NULL, NULL, 5},
};

int main(int count, char **arguments)
{
	(void)count;
	CHECK(swapoff(DISK) == 0, "swapoff");
	fd = open(DISK, O_RDWR | O_DIRECT);
	CHECK(fd >= 0, "%s can be opened", DISK);
	memory_get(PAGES(MIB));
	buffer = memory;
	memory_write();
	int failures = BENCH(rows, arguments);
	close(fd);
	CHECK(swapon(DISK, 0) == 0, "swapon");
	return failures;
}
