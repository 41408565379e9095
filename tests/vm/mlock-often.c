/* SPDX-License-Identifier: MIT */
/*
 * One page of a file is mapped and locked more often than 16 bits can count, and the kernel counts
 * right.
 *
 * Pagoda only: it asks Pagoda's auditor.
 *
 * guest: mem=48 swap=0 pagoda-only
 */
#include "tests/test.h"

#define TIMES 33000u /* by each of two processes */

/* Locked, side by side; each is an area, as all begin with the file's first page. */
static char *map_often(int file)
{
	char *start = memory_map(TIMES * PAGE, PROT_NONE);

	for (uint32_t i = 0; i < TIMES; i++)
		CHECK(mmap(start + i * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_LOCKED,
		           file, 0) == start + i * PAGE, "mapping %u", i);
	return start;
}

static void check_some(const char *start)
{
	for (uint32_t i = 0; i < TIMES; i += 1000)
		CHECK(page_has(start + i * PAGE, 7), "mapping %u shows the page", i);
}

static void check_audit(void)
{
	char words[300] = "";
	int audit = open("/proc/sys/vm/audit", O_RDWR);

	CHECK(audit >= 0 && write(audit, "run", 3) == 3, "the auditor runs");
	CHECK(pread(audit, words, sizeof(words) - 1, 0) > 0, "it says something");
	CHECK(strncmp(words, "clean", 5) == 0, "it is content, and does not say: %s", words);
	close(audit);
}

static char *memory; /* the parent's */
static int fd;

static void map_often_too(void *unused)
{
	(void)unused;
	CHECK(munmap(memory, TIMES * PAGE) == 0, "room for as many areas");
	check_some(map_often(fd));
	check_audit();
}

int main(void)
{
	fd = file_make("data", 1, 7);
	memory = map_often(fd);
	in_child(map_often_too, NULL);
	check_some(memory);
	CHECK(munmap(memory, TIMES * PAGE) == 0, "all of them go");
	say("a page was locked %u times", 2 * TIMES);
	return 0;
}
