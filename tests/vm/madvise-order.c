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

/* Pages of the file in memory after its first `touched` pages were read in order. */
static uint32_t resident_after(int fd, int advice, uint32_t touched)
{
	char *file = file_map(fd, FILE_PAGES * PAGE, PROT_READ, MAP_SHARED);
	uint32_t resident;

	drop_file(file);
	CHECK(madvise(file, FILE_PAGES * PAGE, advice) == 0, "advice %d", advice);
	for (uint32_t i = 0; i < touched; i++) {
		CHECK(page_has(file + i * PAGE, 50 + i), "page %u", i);
		sink = file[i * PAGE];
	}
	resident = pages_resident(file, FILE_PAGES * PAGE);
	munmap(file, FILE_PAGES * PAGE);
	return resident;
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
	random = resident_after(fd, MADV_RANDOM, 8);
	sequential = resident_after(fd, MADV_SEQUENTIAL, 1);
	normal = resident_after(fd, MADV_NORMAL, 8);
	CHECK(random == 8, "at random exactly the 8 pages that were touched: %u", random);
	CHECK(sequential >= 16, "one touch of a sequential file reads many: %u", sequential);
	CHECK(normal > 8 && normal < FILE_PAGES, "8 touches in order read more than 8: %u", normal);
	say("in memory: %u pages at random, %u sequential, %u without advice", random, sequential,
	    normal);
	return 0;
}
