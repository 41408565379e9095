/* SPDX-License-Identifier: MIT */
/* A file whose pages are all in the page cache: mapped and touched, and read. And asked about. */
#include "tests/bench/bench.h"

#define COUNT 1024u /* pages */
#define READS 64u

static int fd;

/* Nothing of it waits to be written. */
static void map(int prot, int flags)
{
	fsync(fd);
	memory = file_map(fd, COUNT * PAGE, prot, flags);
	memory_pages = COUNT;
}

static void map_private_read(void)
{
	map(PROT_READ, MAP_PRIVATE);
}

static void map_shared_read(void)
{
	map(PROT_READ, MAP_SHARED);
}

static void map_private(void)
{
	map(PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

static void map_shared(void)
{
	map(PROT_READ | PROT_WRITE, MAP_SHARED);
}

static char buffer[64 * 1024];

static void read_some(size_t size)
{
	for (unsigned i = 0; i < READS; i++)
		pread(fd, buffer, size, i % 16 * size);
}

static void read_4k(void)
{
	read_some(4096);
}

static void read_64k(void)
{
	read_some(65536);
}

static void stat_some(void)
{
	struct stat status;

	for (unsigned i = 0; i < READS; i++)
		stat("bench.dat", &status);
}

static const struct row rows[] = {
	{"file-private-read", COUNT, map_private_read, memory_read, memory_read, memory_drop, 0},
	{"file-shared-read", COUNT, map_shared_read, memory_read, memory_read, memory_drop, 0},
	{"file-private-write", COUNT, map_private, memory_write, memory_write, memory_drop, 0},
	{"file-shared-write", COUNT, map_shared, memory_write, memory_write, memory_drop, 0},
	{"read-4k", READS, NULL, read_4k, NULL, NULL, 0},
	{"read-64k", READS, NULL, read_64k, NULL, NULL, 0},
	{"stat", READS, NULL, stat_some, NULL, NULL, 0},
};

int main(int count, char **arguments)
{
	(void)count;
	fd = file_make("bench.dat", COUNT, 1);
	read_64k();
	BENCH(rows, arguments);
	return unlink("bench.dat");
}
