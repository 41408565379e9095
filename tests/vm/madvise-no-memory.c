/* SPDX-License-Identifier: MIT */
/*
 * Advice on the order of reading splits an area; if there is no memory for that, madvise(2) says
 * EAGAIN, and the area is what it was: the call may be repeated.
 *
 * Pagoda only: /proc/self/fail-nth is there in kernels built for testing.
 *
 * guest: pagoda-only
 */
#include "tests/test.h"

#define PAGES_MAPPED 8u

static int fail_nth;

static void fail(const char *nth)
{
	CHECK(pwrite(fail_nth, nth, strlen(nth), 0) == (ssize_t)strlen(nth), "fail the %s.", nth);
}

/* Areas that /proc/self/maps shows in the range. */
static uint32_t areas_in(const char *memory)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[256];
	uint32_t count = 0;

	CHECK(maps, "/proc/self/maps can be read");
	while (fgets(line, sizeof(line), maps)) {
		const char *start = (const char *)strtoul(line, NULL, 16);

		count += start >= memory && start < memory + PAGES_MAPPED * PAGE;
	}
	fclose(maps);
	return count;
}

/* In a child: a page fault may come first, and be what finds no memory. */
static void advise(char *memory)
{
	int error;

	fail("1");
	error = madvise(memory + 2 * PAGE, 4 * PAGE, MADV_RANDOM) == 0 ? 0 : errno;
	fail("0");
	CHECK(error == EAGAIN, "EAGAIN, not errno %d", error);
	CHECK(areas_in(memory) == 1, "the area is whole");
	CHECK(madvise(memory + 2 * PAGE, 4 * PAGE, MADV_RANDOM) == 0, "the second time");
	CHECK(areas_in(memory) == 3, "a part of it has advice of its own");
	CHECK(madvise(memory, PAGES_MAPPED * PAGE, MADV_NORMAL) == 0, "and no more");
	CHECK(areas_in(memory) == 1, "it is one area again");
	CHECK(page_has(memory + 3 * PAGE, 3), "the memory was not touched");
	_exit(0);
}

int main(void)
{
	char *memory = memory_map(PAGES_MAPPED * PAGE, PROT_READ | PROT_WRITE);
	int status;

	page_fill(memory + 3 * PAGE, 3);
	for (uint32_t tries = 0; tries < 20; tries++) {
		pid_t child = fork_checked();

		if (!child) {
			fail_nth = open("/proc/self/fail-nth", O_RDWR);
			CHECK(fail_nth >= 0, "allocations can be made to fail");
			advise(memory);
		}
		status = wait_status(child);
		if (!WIFSIGNALED(status))
			break;
	}
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ends well: %#x", status);
	say("EAGAIN, then success");
	return 0;
}
