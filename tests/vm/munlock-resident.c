/* SPDX-License-Identifier: MIT */
/*
 * Pages that are not locked any more stay where they are: in the resident set, as smaps and mincore
 * tell it, without a fault at the next touch; and they may be evicted again. Also by munlockall, and
 * when a part is unlocked alone.
 *
 * guest: mem=16 swap=32
 */
#include "tests/test.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define PAGES_LOCKED 64u
#define BYTES (PAGES_LOCKED * PAGE)

/* Rss of the area that begins there, in KiB. */
static uint32_t resident_kib(const char *area)
{
	static char text[65536];
	char start[16];
	int fd = open("/proc/self/smaps", O_RDONLY);
	size_t length = 0;
	ssize_t n;

	CHECK(fd >= 0, "smaps");
	while ((n = read(fd, text + length, sizeof text - 1 - length)) > 0)
		length += (size_t)n;
	close(fd);
	text[length] = '\0';
	snprintf(start, sizeof start, "\n%08lx-", (unsigned long)area);
	const char *line = strstr(text, start);
	CHECK(line, "the area is listed");
	line = strstr(line, "Rss:");
	CHECK(line, "and has an Rss");
	return strtoul(line + 4, NULL, 10);
}

static uint32_t minor_faults(void)
{
	struct rusage usage;

	CHECK(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
	return (uint32_t)usage.ru_minflt;
}

static void check_there(char *area, const char *how)
{
	uint32_t before, resident = resident_kib(area);

	CHECK(resident == BYTES / 1024 || !pages_stay(), "%s: %u of %u KiB resident", how, resident, BYTES / 1024);
	before = minor_faults();
	for (uint32_t at = 0; at < BYTES; at += PAGE)
		read_byte(area + at);
	CHECK(minor_faults() == before || !pages_stay(), "%s: %u faults", how, minor_faults() - before);
}

int main(void)
{
	/* With a page on either side that is of another kind, it is an area of its own. */
	char *area = memory_map(BYTES + 2 * PAGE, PROT_NONE) + PAGE;

	CHECK(mprotect(area, BYTES, PROT_READ | PROT_WRITE) == 0, "mprotect");
	for (uint32_t at = 0; at < BYTES; at += PAGE)
		area[at] = (char)(at / PAGE);
	CHECK(mlock(area, BYTES) == 0 && munlock(area, BYTES) == 0, "locked and unlocked");
	check_there(area, "munlock");
	CHECK(mlock(area, BYTES) == 0 && munlock(area + BYTES / 2, PAGE) == 0 &&
	      munlock(area, BYTES) == 0, "a part first");
	check_there(area, "munlock of a part");
	CHECK(mlockall(MCL_CURRENT) == 0 && munlockall() == 0, "all");
	check_there(area, "munlockall");
	CHECK(madvise(area, BYTES, MADV_PAGEOUT) == 0, "paged out");
	for (uint32_t at = 0; at < BYTES; at += PAGE)
		CHECK(area[at] == (char)(at / PAGE), "page %u", at / PAGE);
	say("unlocked pages stay mapped");
	return 0;
}
