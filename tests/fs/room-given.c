/* SPDX-License-Identifier: MIT */
/*
 * What fallocate(2) has given to pages behind the end of a file is the file's until it is cut, also
 * when it grows, or a write fails; a hole that is made there gives it back. Where there is too little
 * room for all of it, none is taken. On a disk, which is filled to see that what was promised is kept,
 * and on a tmpfs.
 *
 * Pagoda only: nobody's disk shall be filled on Linux.
 *
 * guest: mem=16 swap=16 timeout=120 writes pagoda-only
 */
#define _GNU_SOURCE
#include "tests/test.h"

#include <linux/falloc.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#define KEEP FALLOC_FL_KEEP_SIZE
#define HOLE (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
#define POINTERS 6 /* blocks that at most are promised to find two ranges of pages by */

static char page[PAGE];

static int room(int fd, int mode, uint32_t first, uint32_t pages)
{
	return fallocate(fd, mode, (off_t)first * PAGE, (off_t)pages * PAGE);
}

static long free_pages(void)
{
	struct statfs status;

	sync();
	CHECK(statfs(".", &status) == 0, "statfs");
	return (long)status.f_bfree;
}

static long before;

/* So many pages are not free any more, and at most `more` for pointers to them. */
static void taken(long pages, long more, const char *when)
{
	long gone = before - free_pages();

	CHECK(gone >= pages && gone <= pages + more, "%s: %ld pages are taken, not %ld", when, pages,
	      gone);
}

/* A page of memory, and nothing behind it. */
static char *before_nothing(void)
{
	char *memory = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);

	munmap(memory + PAGE, PAGE);
	return memory;
}

static int new_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0, "open %s", name);
	return fd;
}

static void behind_the_end(long pointers)
{
	char *memory = before_nothing();
	int fd = new_file("data");
	struct stat status;

	before = free_pages();
	CHECK(room(fd, KEEP, 0, 10) == 0, "room for ten, error %d", errno);
	taken(10, 0, "room");
	CHECK(room(fd, KEEP, 5, 5) == 0, "some of it again");
	taken(10, 0, "room again");
	CHECK(room(fd, KEEP, 100, 5) == 0, "and far behind");
	taken(15, pointers, "two ranges");
	CHECK(room(fd, HOLE, 2, 2) == 0, "a hole");
	taken(13, pointers, "a hole");
	CHECK(fallocate(fd, HOLE, 4 * PAGE + 10, 2 * PAGE) == 0, "an odd hole");
	taken(12, pointers, "an odd hole, of one whole page");
	CHECK(pwrite(fd, memory + PAGE - 10, 20, 0) == 10, "a write falls short");
	taken(12, pointers, "a short write");
	CHECK_ERRNO(pwrite(fd, memory + PAGE, 20, PAGE), EFAULT);
	taken(12, pointers, "a write of nothing");
	CHECK_ERRNO(pwrite(fd, memory + PAGE, 20, 20 * PAGE), EFAULT);
	taken(12, pointers, "a write of nothing, far behind the end");
	CHECK(ftruncate(fd, 7 * PAGE) == 0, "it grows");
	taken(12, pointers, "grown");
	CHECK(pwrite(fd, "x", 1, 8 * PAGE) == 1, "by a write, too");
	taken(12, pointers, "grown by a write");
	CHECK(ftruncate(fd, 8 * PAGE + 1) == 0, "it stays");
	taken(6, 0, "told to stay: nothing behind the end");
	CHECK(room(fd, KEEP, 200, 5) == 0, "room");
	CHECK(ftruncate(fd, PAGE) == 0, "cut");
	taken(1, 0, "cut");
	CHECK(fstat(fd, &status) == 0 && status.st_size == PAGE, "its size");
	CHECK(room(fd, KEEP, 200, 5) == 0, "room");
	close(fd);
	CHECK(unlink("data") == 0, "gone");
	taken(0, 0, "removed");
	munmap(memory, PAGE);
}

static void too_little(void)
{
	int fd = new_file("data");
	uint32_t too_many = (uint32_t)free_pages() + 50;
	struct stat status;

	before = free_pages();
	CHECK(pwrite(fd, "x", 1, 2 * PAGE) == 1, "one page");
	taken(1, 0, "one page");
	CHECK_ERRNO(room(fd, 0, 0, too_many), ENOSPC);
	taken(1, 0, "too little, for a longer file");
	CHECK_ERRNO(room(fd, KEEP, 0, too_many), ENOSPC);
	taken(1, 0, "too little, behind the end");
	CHECK(room(fd, KEEP, 100, 3) == 0, "some");
	CHECK_ERRNO(room(fd, 0, 0, too_many), ENOSPC);
	CHECK_ERRNO(room(fd, KEEP, 50, too_many), ENOSPC);
	taken(4, POINTERS, "too little, beside some");
	CHECK(fstat(fd, &status) == 0 && status.st_size == 2 * PAGE + 1 && status.st_blocks <= 4 * 8,
	      "as it was");
	CHECK(ftruncate(fd, (uint64_t)too_many * PAGE) == 0, "a long hole");
	CHECK_ERRNO(room(fd, 0, 0, too_many), ENOSPC);
	taken(4, POINTERS, "too little for a hole");
	close(fd);
	CHECK(unlink("data") == 0, "gone");
	taken(0, 0, "removed");
}

/* There is no room but that which was promised, and all of that. */
static void kept(void)
{
	static const uint32_t places[] = {0, 30, 1034, 1039, 70000};
	int fd = new_file("data"), other = new_file("other");
	uint32_t parts = sizeof places / sizeof places[0];

	before = free_pages();
	for (uint32_t i = 0; i < parts; i++)
		CHECK(room(fd, KEEP, places[i], 4) == 0, "room at %u", places[i]);
	while (write(other, page, PAGE) == PAGE)
		;
	CHECK(errno == ENOSPC, "full, error %d", errno);
	while (write(other, page, 1) == 1)
		;
	for (uint32_t k = 0; k < 4; k++)
		for (uint32_t i = parts; i-- > 0;)
			CHECK(pwrite(fd, page, PAGE, (uint64_t)(places[i] + 3 - k) * PAGE) == PAGE,
			      "page %u of those at %u, error %d", 3 - k, places[i], errno);
	for (uint32_t i = 0; i < parts; i++)
		for (uint32_t k = 0; k < 4; k++)
			CHECK(pread(fd, page, PAGE, (uint64_t)(places[i] + k) * PAGE) == PAGE &&
			              all_bytes_are(page, PAGE, 7),
			      "what was written");
	close(other);
	close(fd);
	CHECK(unlink("other") == 0 && unlink("data") == 0, "gone");
	taken(0, 0, "removed");
}

int main(void)
{
	memset(page, 7, PAGE);
	behind_the_end(POINTERS);
	too_little();
	kept();
	CHECK(mkdir("small", 0700) == 0 && mount("none", "small", "tmpfs", 0, "size=200k") == 0 &&
	              chdir("small") == 0,
	      "a tmpfs");
	behind_the_end(0);
	too_little();
	say("room is given, kept and taken back");
	return 0;
}
