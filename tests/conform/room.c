/* SPDX-License-Identifier: MIT */
/* fallocate(2): giving room, holes and zeros, each at odd places of a file; lseek(2)'s SEEK_DATA and
 * SEEK_HOLE; what shared mappings see; posix_fadvise(2), readahead(2), sync_file_range(2); on a disk
 * and on a tmpfs. */
#include "case.h"

#include <linux/falloc.h>

static uint32_t sum(int fd)
{
	static unsigned char bytes[16 * PAGE];
	uint32_t sum = 0;
	ssize_t n;

	for (off_t at = 0; (n = pread(fd, bytes, sizeof bytes, at)) > 0; at += n)
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + bytes[i];
	return sum;
}

static void show(int fd, bool blocks)
{
	struct stat s;

	fstat(fd, &s);
	say("  size %lld sum %08x blocks %ld", (long long)s.st_size, sum(fd),
	    blocks ? (long)s.st_blocks : 0);
}

static void change(int fd, int mode, off_t offset, off_t length)
{
	GIVES(fallocate(fd, mode, offset, length), "mode %d from %lld, %lld bytes", mode,
	      (long long)offset, (long long)length);
	show(fd, !(mode & FALLOC_FL_KEEP_SIZE) || mode & FALLOC_FL_PUNCH_HOLE);
}

static void map_holes(int fd)
{
	off_t at = 0, end = lseek(fd, 0, SEEK_END);

	while (at < end) {
		off_t data = lseek(fd, at, SEEK_DATA);
		off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
		say("  data from %lld to %lld", (long long)data, (long long)hole);
		if (data < 0)
			break;
		at = hole;
	}
}

static void giving(void)
{
	int fd = new_file("f", 0);

	change(fd, 0, 0, 1);
	change(fd, 0, 3 * PAGE - 1, 2);
	change(fd, 0, 100, 10);
	change(fd, 0, 5 * PAGE + 7, PAGE);
	change(fd, FALLOC_FL_KEEP_SIZE, 0, 8 * PAGE);
	GIVES(posix_fallocate(fd, 0, 9 * PAGE), "posix_fallocate");
	show(fd, false);
	GIVES(ftruncate(fd, 10), "cut");
	show(fd, false);
	close(fd);
}

static void holes(void)
{
	int fd = new_file("f", 10);
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	change(fd, punch, PAGE, 2 * PAGE);
	map_holes(fd);
	change(fd, punch, 4 * PAGE + 10, 20);
	change(fd, punch, 5 * PAGE - 10, 20);
	change(fd, punch, 6 * PAGE - 10, PAGE + 20);
	map_holes(fd);
	change(fd, punch, 9 * PAGE, PAGE * 100);
	change(fd, punch, 20 * PAGE, PAGE);
	map_holes(fd);
	GIVES(pwrite(fd, "back", 4, 2 * PAGE), "written again");
	show(fd, true);
	map_holes(fd);
	change(fd, punch, 0, 1ll << 40);
	map_holes(fd);
	close(fd);
}

/* Of a disk's file system only what can be read is compared: ext4 makes no hole behind the end. */
static void behind(bool blocks)
{
	const int keep = FALLOC_FL_KEEP_SIZE, punch = FALLOC_FL_PUNCH_HOLE | keep;
	static const struct { int mode; unsigned first, pages; } steps[] = {
		{keep, 0, 10}, {punch, 2, 2}, {keep, 20, 5}, {keep, 1, 3}, {punch, 22, 1},
		{keep, 30, 2}, {punch, 9, 12}, {keep, 8, 10},
	};
	char *bad = before_nothing(10);
	int fd = new_file("f", 0);

	for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		GIVES(fallocate(fd, steps[i].mode, steps[i].first * PAGE, steps[i].pages * PAGE),
		      "mode %d, %u pages from page %u", steps[i].mode, steps[i].pages, steps[i].first);
		show(fd, blocks);
	}
	GIVES(fallocate(fd, punch, 11 * PAGE + 100, 2 * PAGE), "an odd hole");
	show(fd, blocks);
	GIVES(pwrite(fd, bad, PAGE, 0), "a short write");
	show(fd, blocks);
	GIVES(pwrite(fd, bad, PAGE, 5 * PAGE - 5), "behind a gap");
	show(fd, blocks);
	GIVES(pwrite(fd, bad + 10, PAGE, 0), "one of nothing");
	show(fd, blocks);
	GIVES(ftruncate(fd, 7 * PAGE), "longer");
	show(fd, blocks);
	GIVES(ftruncate(fd, 7 * PAGE), "the same");
	show(fd, blocks);
	GIVES(fallocate(fd, keep, 9 * PAGE, PAGE), "more");
	show(fd, blocks);
	GIVES(fallocate(fd, 0, 12 * PAGE, PAGE), "longer by room");
	show(fd, blocks);
	GIVES(ftruncate(fd, PAGE), "shorter");
	show(fd, blocks);
	close(fd);
}

static void zeros(void)
{
	int fd = new_file("f", 6);

	change(fd, FALLOC_FL_ZERO_RANGE, 100, 2 * PAGE);
	change(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 5 * PAGE + 1, 3 * PAGE);
	change(fd, FALLOC_FL_ZERO_RANGE, 5 * PAGE + 9, 3 * PAGE);
	close(fd);
}

static void mapped(void)
{
	int fd = new_file("f", 4);
	char *m = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	m[PAGE] = 'x';
	say("before: %d %d %d", m[0], m[PAGE], m[2 * PAGE]);
	GIVES(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE + 5), "a hole");
	say("after: %d %d %d %d", m[0], m[PAGE], m[2 * PAGE + 4], m[2 * PAGE + 5]);
	m[PAGE + 1] = 'y';
	char byte = 0;
	GIVES(pread(fd, &byte, 1, PAGE + 1), "read");
	say("%d", byte);
	map_holes(fd);
	munmap(m, 4 * PAGE);
	close(fd);
}

static void odd_calls(void)
{
	static const int modes[] = {0, 1, 2, 3, 4, 5, 6, 16, 17, 18, 19, 20, 0x100, -1};
	static const struct { off_t offset, length; } ranges[] = {
		{0, 0}, {-1, 1}, {0, -1}, {INT64_MAX, 1}, {1, INT64_MAX},
	};
	int fd = new_file("f", 1), ro = open("f", O_RDONLY), folder = open(".", O_RDONLY), ends[2];

	for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		GIVES(fallocate(ro, modes[i], 0, PAGE), "mode %d of a read-only one", modes[i]);
		GIVES(fallocate(fd, modes[i], 0, 0), "mode %d of no bytes", modes[i]);
	}
	for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
		GIVES(fallocate(fd, 0, ranges[i].offset, ranges[i].length), "%lld, %lld",
		      (long long)ranges[i].offset, (long long)ranges[i].length);
	pipe(ends);
	GIVES(fallocate(99, 0, 0, 1), "no descriptor");
	GIVES(fallocate(ends[1], 0, 0, 1), "a pipe");
	GIVES(fallocate(folder, 0, 0, 1), "a directory");
	int null = open("/dev/null", O_RDWR);
	GIVES(fallocate(null, 0, 0, 1), "/dev/null");
	GIVES(fallocate(open("f", O_PATH), 0, 0, 1), "O_PATH");
	GIVES(lseek(fd, PAGE, SEEK_DATA), "data at the end");
	GIVES(lseek(fd, PAGE, SEEK_HOLE), "a hole at the end");
	GIVES(lseek(fd, -1, SEEK_DATA), "data before the start");
	GIVES(lseek(fd, 5, SEEK_HOLE), "the hole behind");
	GIVES(lseek(fd, 5, SEEK_DATA), "data here");
	GIVES(lseek(ends[0], 0, SEEK_DATA), "of a pipe");
	close(fd);
	close(ro);
	close(null);
	close(folder);
	close(ends[0]);
	close(ends[1]);
}

static void advice(void)
{
	int fd = new_file("f", 3), wo = open("f", O_WRONLY), folder = open(".", O_RDONLY), ends[2];

	pipe(ends);
	for (int a = -1; a < 9; a++) {
		GIVES(posix_fadvise(fd, 0, 0, a), "advice %d", a);
		GIVES(posix_fadvise(ends[0], 0, 0, a), "of a pipe");
		GIVES(posix_fadvise(folder, 0, 0, a), "of a directory");
	}
	GIVES(posix_fadvise(fd, 0, -1, 0), "a negative length");
	GIVES(posix_fadvise(fd, -1, 1, 3), "a negative offset");
	GIVES(posix_fadvise(99, 0, 0, 0), "no descriptor");
	GIVES(readahead(fd, 0, 10), "readahead");
	GIVES(readahead(wo, 0, 10), "of a write-only one");
	GIVES(readahead(folder, 0, 10), "of a directory");
	GIVES(readahead(ends[0], 0, 10), "of a pipe");
	GIVES(readahead(99, 0, 10), "of no descriptor");
	GIVES(sync_file_range(fd, 0, 0, 7), "sync_file_range");
	GIVES(sync_file_range(fd, 0, 0, 8), "an unknown flag");
	GIVES(sync_file_range(fd, -1, 0, 0), "a negative offset");
	GIVES(sync_file_range(fd, 0, -1, 0), "a negative length");
	GIVES(sync_file_range(ends[0], 0, 0, 0), "of a pipe");
	show(fd, true);
	close(fd);
	close(wo);
	close(folder);
	close(ends[0]);
	close(ends[1]);
}

static void in_folder(const char *folder)
{
	say("-- in %s", folder[0] == '.' ? "a disk's folder" : "a tmpfs");
	chdir(folder);
	giving();
	holes();
	behind(folder[0] == '/');
	zeros();
	mapped();
	odd_calls();
	advice();
	GIVES(unlink("f"), "gone");
}

int main(void)
{
	in_folder(".");
	in_folder("/dev/shm");
	return 0;
}
