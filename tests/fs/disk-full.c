/* SPDX-License-Identifier: MIT */
/*
 * The disk runs full: write(2) fails with ENOSPC after writing what fits, nothing else breaks, and
 * removing a file makes room again; a hole stays a hole. Pagoda only: nobody's disk shall be filled
 * on Linux.
 *
 * guest: mem=16 swap=0 timeout=90 writes pagoda-only
 */
#include "tests/test.h"

#include <sys/statfs.h>

static long free_blocks(void)
{
	struct statfs status;

	sync();
	CHECK(statfs(".", &status) == 0, "statfs");
	return status.f_bfree;
}

/* There is no block for the page of a hole: it is zeros as before. */
static void hole(void)
{
	int fd = open("hole", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char bytes[PAGE];

	CHECK(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0, "a hole takes no room");
	page_fill(bytes, 1);
	CHECK_ERRNO(pwrite(fd, bytes, PAGE, PAGE), ENOSPC);
	CHECK(pread(fd, bytes, PAGE, PAGE) == (ssize_t)PAGE && all_bytes_are(bytes, PAGE, 0),
	      "a hole still");
	CHECK(close(fd) == 0 && unlink("hole") == 0, "remove it");
}

int main(void)
{
	static char page[PAGE];
	long before = free_blocks();
	uint32_t first = 0, pages = 0;
	char *memory;
	int fd;

	for (uint32_t round = 0; round < 2; round++) {
		fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
		CHECK(fd >= 0, "create");
		for (pages = 0;; pages++) {
			ssize_t n;

			page_fill(page, pages);
			n = write(fd, page, PAGE);
			if (n < (ssize_t)PAGE) {
				CHECK(n > 0 || errno == ENOSPC, "ENOSPC, not %zd", n);
				break;
			}
		}
		CHECK(pages > 1000, "%u pages were written", pages);
		while (write(fd, page, 1) == 1)
			;
		CHECK(errno == ENOSPC, "then not even a byte fits");
		hole();
		CHECK(fsync(fd) == 0, "what was accepted reaches the disk");
		for (uint32_t i = 0; i < pages; i += 7) {
			CHECK(pread(fd, page, PAGE, i * PAGE) == (ssize_t)PAGE, "read page %u", i);
			CHECK(page_has(page, i), "page %u", i);
		}
		CHECK(access("data", F_OK) == 0 && close(fd) == 0 && unlink("data") == 0,
		      "remove it");
		CHECK(free_blocks() == before, "all blocks are free again");
		CHECK(round == 0 || pages == first, "as many pages fit the second time");
		first = pages;
	}
	fd = open("small", O_RDWR | O_CREAT, 0644);
	CHECK(ftruncate(fd, PAGE) == 0, "there is room");
	memory = file_map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	page_fill(memory, 1);
	CHECK(fsync(fd) == 0 && page_has(memory, 1), "and it can be used");
	say("%u pages filled the disk, twice", pages);
	return 0;
}
