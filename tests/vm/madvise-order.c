/* SPDX-License-Identifier: MIT */
/*
 * How much of a file is read ahead depends on what was promised: nothing after MADV_RANDOM,
 * much from the first page on after MADV_SEQUENTIAL; without advice, more and more once two
 * reads came in order.
 *
 * guest: mem=16 swap=0
 */
#include "tests/test.h"

#define FILE_PAGES 128u

static volatile char sink;

/* Pages that are just being read ahead are not dropped, so it may take several tries. */
static void drop_file(char *file)
{
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);

	for (uint32_t tries = 0; pages_resident(file, FILE_PAGES * PAGE) > 0; tries++) {
		CHECK(tries < 500, "the file is in memory no more");
		CHECK(drop >= 0 && write(drop, "1", 1) == 1, "drop_caches");
		usleep(2000);
	}
	close(drop);
}

/* The most pages that were in memory beyond those touched while its first `touched` pages were
 * read in order. At the last of them it may be none: what was read ahead of them can all have
 * come, and be mapped with one of them, before the page is touched that has more read. */
static uint32_t read_ahead(int fd, int advice, uint32_t touched)
{
	char *file = file_map(fd, FILE_PAGES * PAGE, PROT_READ, MAP_SHARED);
	uint32_t ahead = 0;

	drop_file(file);
	CHECK(madvise(file, FILE_PAGES * PAGE, advice) == 0, "advice %d", advice);
	for (uint32_t i = 0; i < touched; i++) {
		CHECK(page_has(file + i * PAGE, 50 + i), "page %u", i);
		sink = file[i * PAGE];
		uint32_t resident = pages_resident(file, FILE_PAGES * PAGE);
		CHECK(resident > i, "what was touched is in memory: %u of %u", resident, i + 1);
		if (resident - (i + 1) > ahead)
			ahead = resident - (i + 1);
	}
	munmap(file, FILE_PAGES * PAGE);
	return ahead;
}

int main(void)
{
	int fd = file_make("data", FILE_PAGES, 50);
	uint32_t random, sequential, normal;

	CHECK(fsync(fd) == 0, "the file is on the disk");
	if (!machine_is_ours() || !pages_stay()) {
		say("nothing can be counted here");
		return 0;
	}
	random = read_ahead(fd, MADV_RANDOM, 8);
	sequential = read_ahead(fd, MADV_SEQUENTIAL, 1);
	normal = read_ahead(fd, MADV_NORMAL, 8);
	CHECK(random == 0, "at random nothing but what was touched is read: %u", random);
	CHECK(sequential >= 15, "one touch of a sequential file reads many ahead: %u", sequential);
	CHECK(normal > 0 && normal < FILE_PAGES - 8, "touches in order have some read ahead: %u",
	      normal);
	say("read ahead at most: %u pages at random, %u sequential, %u without advice", random,
	    sequential, normal);
	return 0;
}
