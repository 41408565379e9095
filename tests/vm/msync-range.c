/* SPDX-License-Identifier: MIT */
/*
 * msync(2) with MS_SYNC writes the pages of its range before it returns, also where a mapping does
 * not begin with its file, and where the range goes over two mappings; with MS_ASYNC
 * nothing need be written. What says where new pages lie is written, too, so that
 * fdatasync(2) finds nothing left. Dirty pages are counted, while nobody else writes any.
 *
 * pagoda-only: the counter and the setting are the whole machine's; and Linux writes more.
 * guest: writes pagoda-only
 */
#include "tests/test.h"

#define COUNT 32u /* pages of the file */

static long dirty(void)
{
	return proc_number("/proc/vmstat", "nr_dirty");
}

static char *map_from(int fd, uint32_t first, uint32_t pages, char *at)
{
	char *memory = mmap(at, pages * PAGE, PROT_READ | PROT_WRITE,
	                    MAP_SHARED | (at ? MAP_FIXED : 0), fd, first * PAGE);

	CHECK(memory != MAP_FAILED, "pages from %u on are mapped", first);
	return memory;
}

/* Writes to pages, syncs some of them; how many are dirty no more. */
static long cleaned(char *memory, uint32_t pages, char *from, uint32_t count, int flags)
{
	for (uint32_t i = 0; i < pages; i++)
		memory[i * PAGE]++;
	long before = dirty();
	CHECK(msync(from, count * PAGE, flags) == 0, "msync of %u pages", count);
	return before - dirty();
}

/* A file that was a hole: its pages get blocks, and the blocks' numbers a place. */
static void hole(void)
{
	int fd = open("hole", O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && ftruncate(fd, COUNT * PAGE) == 0 && fsync(fd) == 0, "a hole");
	char *memory = map_from(fd, 0, COUNT, NULL);
	CHECK(cleaned(memory, COUNT, memory, COUNT, MS_SYNC) >= 0, "nothing more is dirty");
	long before = dirty();
	CHECK(fdatasync(fd) == 0 && dirty() == before, "fdatasync had nothing to write, not %ld",
	      before - dirty());
	CHECK(munmap(memory, COUNT * PAGE) == 0 && close(fd) == 0 && unlink("hole") == 0, "let go");
}

int main(void)
{
	int setting = open("/proc/sys/vm/dirty_writeback_centisecs", O_WRONLY);
	int fd = file_make("data", COUNT, 1);

	CHECK(setting >= 0 && write(setting, "0", 1) == 1, "the flusher rests");
	CHECK(fsync(fd) == 0, "the file is on the disk");
	char *middle = map_from(fd, 16, 8, NULL);
	CHECK(cleaned(middle, 8, middle, 8, MS_ASYNC) == 0, "MS_ASYNC writes nothing");
	CHECK(cleaned(middle, 8, middle, 8, MS_SYNC) >= 8, "all that is mapped");
	long some = cleaned(middle, 8, middle + 2 * PAGE, 3, MS_SYNC);
	CHECK(some >= 3, "three pages in the middle: %ld", some);
	CHECK(cleaned(middle, 8, middle, 8, MS_SYNC) >= 8, "again, when they were written again");

	char *two = memory_map(8 * PAGE, PROT_READ | PROT_WRITE);
	map_from(fd, 24, 4, two);
	map_from(fd, 0, 4, two + 4 * PAGE);
	long both = cleaned(two, 8, two, 8, MS_SYNC);
	CHECK(both >= 8, "two mappings, of the file's end and of its start: %ld", both);
	hole();
	CHECK(close(setting) == 0 && close(fd) == 0, "let go");
	say("what is in the range is written, wherever the mapping begins");
	return 0;
}
