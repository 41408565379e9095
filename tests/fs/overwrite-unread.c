/* SPDX-License-Identifier: MIT */
/*
 * Whole pages of a file that are written anew are not read first: neither those within the file,
 * nor the last one up to the file's end, nor those of a hole. What was written is there when the
 * pages come from the disk again, with zeros behind the end. A page that is written in part is read,
 * and so is one that is to be overwritten with its own bytes.
 *
 * guest: mem=16 writes
 */
#include "tests/test.h"

#define PAGES_WHOLE 300u
#define TAIL 1000u
#define SIZE (PAGES_WHOLE * PAGE + TAIL)
#define HOLE 40u        /* pages of a file that never was written */
#define METADATA_MOST 6 /* the inode, pointers to blocks, this program's own pages */

static char bytes[(PAGES_WHOLE + 1) * PAGE];

static void fill(uint32_t seed)
{
	for (uint32_t i = 0; i <= PAGES_WHOLE; i++)
		page_fill(bytes + i * PAGE, seed + i);
}

/* All of the file is on the disk and, if the machine is ours, in memory no more. */
static void drop(int fd)
{
	int control = machine_is_ours() ? open("/proc/sys/vm/drop_caches", O_WRONLY) : -1;

	CHECK(fsync(fd) == 0, "fsync");
	CHECK(!machine_is_ours() || write(control, "1", 1) == 1, "what is clean can be dropped");
	close(control);
}

/* Pages that came from a disk so far. Linux counts something else: there no change is seen. */
static long pages_read(void)
{
	return proc_number("/proc/vmstat", "cache_read");
}

static void whole(int fd)
{
	drop(fd);
	fill(5000);
	long before = pages_read();
	CHECK(pwrite(fd, bytes, SIZE, 0) == (ssize_t)SIZE, "all of the file is written anew");
	long read = pages_read() - before;
	CHECK(read <= METADATA_MOST || !pages_stay(), "%ld pages were read", read);
	say("%u pages written anew, few read", PAGES_WHOLE + 1);

	drop(fd);
	memset(bytes, 1, sizeof(bytes));
	CHECK(pread(fd, bytes, sizeof(bytes), 0) == (ssize_t)SIZE, "the size is what it was");
	for (uint32_t i = 0; i < PAGES_WHOLE; i++)
		CHECK(page_has(bytes + i * PAGE, 5000 + i), "page %u is new", i);
	char *last = file_map(fd, SIZE, PROT_READ, MAP_SHARED) + PAGES_WHOLE * PAGE;
	CHECK(all_bytes_are(last + TAIL, PAGE - TAIL, 0), "zeros behind the end");
	page_fill(bytes, 5000 + PAGES_WHOLE);
	CHECK(memcmp(last, bytes, TAIL) == 0, "up to the end");
}

/* The bytes come from the very page, which enters memory while they are copied. */
static void from_itself(int fd)
{
	drop(fd);
	char *mapped = file_map(fd, PAGES_WHOLE * PAGE, PROT_READ, MAP_SHARED);

	CHECK(pwrite(fd, mapped + 30 * PAGE, PAGE, 30 * PAGE) == (ssize_t)PAGE, "on itself");
	CHECK(pwrite(fd, mapped + 70 * PAGE, PAGE, 60 * PAGE) == (ssize_t)PAGE, "elsewhere");
	CHECK(munmap(mapped, PAGES_WHOLE * PAGE) == 0, "munmap");
	drop(fd);
	for (uint32_t i = 29; i < 72; i++) {
		CHECK(pread(fd, bytes, PAGE, i * PAGE) == (ssize_t)PAGE, "read page %u", i);
		CHECK(page_has(bytes, 5000 + (i == 60 ? 70 : i)), "page %u", i);
	}
}

static void in_part(int fd)
{
	drop(fd);
	long before = pages_read();
	CHECK(pwrite(fd, "new", 3, 7 * PAGE + 11) == 3, "some bytes within a page");
	CHECK(pages_read() > before || before < 0, "the rest of the page is read");
	page_fill(bytes, 5007);
	memcpy(bytes + 11, "new", 3);
	CHECK(pread(fd, bytes + PAGE, PAGE, 7 * PAGE) == (ssize_t)PAGE &&
	      memcmp(bytes, bytes + PAGE, PAGE) == 0, "and is what it was");
}

static void hole(void)
{
	int fd = open("hole", O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && ftruncate(fd, HOLE * PAGE) == 0, "a file that is one hole");
	fill(9000);
	for (uint32_t i = 1; i < HOLE; i += 3)
		CHECK(pwrite(fd, bytes + i * PAGE, PAGE, i * PAGE) == (ssize_t)PAGE, "page %u", i);
	drop(fd);
	CHECK(pread(fd, bytes, HOLE * PAGE, 0) == HOLE * PAGE, "the size is what it was");
	for (uint32_t i = 0; i < HOLE; i++)
		CHECK(i % 3 == 1 ? page_has(bytes + i * PAGE, 9000 + i)
		                 : all_bytes_are(bytes + i * PAGE, PAGE, 0),
		      "page %u is new, or a hole still", i);
	close(fd);
}

int main(void)
{
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);

	fill(1000);
	CHECK(fd >= 0 && write(fd, bytes, SIZE) == (ssize_t)SIZE, "a file");
	whole(fd);
	in_part(fd);
	from_itself(fd);
	hole();
	return 0;
}
