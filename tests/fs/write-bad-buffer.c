/* SPDX-License-Identifier: MIT */
/*
 * write(2) from a buffer whose second page may not be read: what lies before that page is written,
 * and counted; all behind it is what it was, in memory and on the disk. This is so for a page of
 * the file that is in memory, one that is not, one in a hole, and at the end of the file.
 *
 * guest: mem=8 writes
 */
#include "tests/test.h"

#define FILE_PAGES 4u
#define GOOD 1500u /* bytes of the buffer that can be read */

static char *buffer; /* two pages, the second with PROT_NONE */
static char now[FILE_PAGES * PAGE], expected[FILE_PAGES * PAGE];

/* What is clean is dropped where the machine is ours. */
static void drop(int fd)
{
	int control = machine_is_ours() ? open("/proc/sys/vm/drop_caches", O_WRONLY) : -1;

	CHECK(fsync(fd) == 0, "fsync");
	CHECK(!machine_is_ours() || write(control, "1", 1) == 1, "what is clean can be dropped");
	close(control);
}

/* The file holds the first `size` expected bytes: in memory, and from the disk. */
static void check_file(int fd, uint32_t size, const char *what)
{
	for (int round = 0; round < 2; round++) {
		CHECK(pread(fd, now, sizeof(now), 0) == (ssize_t)size, "%s: %u bytes", what, size);
		for (uint32_t i = 0; i < size; i++)
			CHECK(now[i] == expected[i], "%s: byte %u, round %d", what, i, round);
		drop(fd);
	}
}

/* Writes a page's worth of bytes, GOOD of which there are, and then none. */
static void bad_write(int fd, uint32_t position, uint32_t size, const char *what)
{
	const char *from = buffer + PAGE - GOOD;

	CHECK(pwrite(fd, from, PAGE, position) == GOOD, "%s: %u bytes are written", what, GOOD);
	memcpy(expected + position, from, GOOD);
	check_file(fd, size, what);
	CHECK_ERRNO(pwrite(fd, buffer + PAGE, PAGE, position), EFAULT);
	check_file(fd, size, what);
}

int main(void)
{
	int fd = file_make("data", FILE_PAGES, 20);

	buffer = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);
	CHECK(mprotect(buffer + PAGE, PAGE, PROT_NONE) == 0, "mprotect");
	for (uint32_t i = 0; i < FILE_PAGES; i++)
		page_fill(expected + i * PAGE, 20 + i);

	page_fill(buffer, 1);
	bad_write(fd, 0, FILE_PAGES * PAGE, "in memory");
	drop(fd);
	page_fill(buffer, 2);
	bad_write(fd, PAGE, FILE_PAGES * PAGE, "not in memory");
	CHECK(pread(fd, now, 1, 2 * PAGE) == 1, "a page is in memory");
	page_fill(buffer, 3);
	bad_write(fd, 2 * PAGE + 100, FILE_PAGES * PAGE, "within a page");

	CHECK(ftruncate(fd, PAGE) == 0 && ftruncate(fd, FILE_PAGES * PAGE) == 0, "a hole");
	memset(expected + PAGE, 0, (FILE_PAGES - 1) * PAGE);
	page_fill(buffer, 4);
	bad_write(fd, 2 * PAGE, FILE_PAGES * PAGE, "a hole");

	CHECK(ftruncate(fd, 2 * PAGE) == 0, "the file ends at a page's end");
	page_fill(buffer, 5);
	bad_write(fd, 2 * PAGE, 2 * PAGE + GOOD, "at the end");
	CHECK(pwrite(fd, buffer, 2 * PAGE, 0) == (ssize_t)PAGE, "one of two pages");
	memcpy(expected, buffer, PAGE);
	check_file(fd, 2 * PAGE + GOOD, "two pages");
	say("what could be read was written, and nothing else changed");
	return 0;
}
