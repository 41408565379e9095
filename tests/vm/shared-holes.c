/* SPDX-License-Identifier: MIT */
/*
 * A memfd larger than memory, half of it in swap: holes are made in it by fallocate(2) and, through a
 * mapping, by madvise(2); what is not in them stays, what is reads as zeros and takes no room, in
 * memory or in swap. lseek(2) finds them. A seal against writing waits for the last writable mapping.
 *
 * guest: mem=8 swap=48 timeout=60
 */
#define _GNU_SOURCE
#include <linux/falloc.h>
#include <sys/stat.h>

#include "tests/test.h"

#define COUNT PAGES(12 * MIB)

static int fd;
static char *memory;

static long pages_held(void)
{
	struct stat st;

	CHECK(fstat(fd, &st) == 0, "fstat");
	return st.st_blocks / 8;
}

static void punch(uint32_t first, uint32_t count)
{
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)first * PAGE,
	                (off_t)count * PAGE) == 0, "a hole at page %u", first);
}

/* Every third page, then a long run of which some are holes already, then by the mapping. */
static void make_holes(void)
{
	for (uint32_t i = 0; i < COUNT; i += 3)
		punch(i, 1);
	punch(300, 900);
	CHECK(madvise(memory + 1500 * PAGE, 300 * PAGE, MADV_REMOVE) == 0, "MADV_REMOVE");
}

static bool is_hole(uint32_t i)
{
	return i % 3 == 0 || (i >= 300 && i < 1200) || (i >= 1500 && i < 1800);
}

static void check_pages(void)
{
	static char page[PAGE];
	long held = 0;

	for (uint32_t i = 0; i < COUNT; i++)
		held += !is_hole(i);
	CHECK(pages_held() == held, "%ld pages are left, not %ld", held, pages_held());
	for (uint32_t i = 0; i < COUNT; i++)
		if (!is_hole(i))
			CHECK(page_has(memory + i * PAGE, i), "page %u is left", i);
		else /* not by the mapping: Linux gives a hole a page then */
			CHECK(pread(fd, page, PAGE, (off_t)i * PAGE) == PAGE &&
			      all_bytes_are(page, PAGE, 0), "a hole at %u", i);
	CHECK(pages_held() == held, "looking at them makes none");
}

static void check_seeking(void)
{
	CHECK(lseek(fd, 0, SEEK_DATA) == PAGE, "the first page that is there");
	CHECK(lseek(fd, PAGE, SEEK_HOLE) == 3 * PAGE, "the next that is not");
	CHECK(lseek(fd, 400 * PAGE, SEEK_DATA) == 1201 * PAGE, "the end of a long hole");
}

static void check_seals(void)
{
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK(munmap(memory, COUNT * PAGE) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0,
	      "nobody has it mapped");
	CHECK_ERRNO(pwrite(fd, "x", 1, 0), EPERM);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM);
}

int main(void)
{
	fd = memfd_create("holes", MFD_ALLOW_SEALING);
	CHECK(fd >= 0 && ftruncate(fd, COUNT * PAGE) == 0, "a file of 12 MiB");
	memory = file_map(fd, COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	CHECK(pages_held() == 0, "none of its pages is there");
	for (uint32_t i = 0; i < COUNT; i++)
		page_fill(memory + i * PAGE, i);
	CHECK(pages_held() == COUNT, "all are");
	make_holes();
	check_pages();
	check_seeking();
	CHECK(ftruncate(fd, 100 * PAGE) == 0 && pages_held() == 66, "66 of the first 100");
	check_seals();
	say("of %u pages two thirds were left, and some holes were long", COUNT);
	return 0;
}
