/* SPDX-License-Identifier: MIT */
/*
 * Sorts the lines of a text file, by bytes, through a shared mapping of it:
 *
 *   mmapsort FILE
 *
 * The file may be larger than the memory, so everything is done in passes over neighbouring
 * pages:
 *
 *   1 the file is cut into runs of about 1 MiB, and the lines of each are sorted in place
 *   2 all runs are merged into anonymous memory, which goes to swap as it must
 *   3 the result is copied back through the mapping, and synced
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_SIZE (1u << 20)

/* A line, with its newline. */
struct line {
	const char *start;
	uint32_t length;
};

/* The sorted lines up to `end`, of which `line` is the first. */
struct run {
	const char *end;
	struct line line;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "mmapsort: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The line at `at`; there is a newline before `end`. */
static struct line line_at(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', end - at);

	return (struct line){at, newline - at + 1};
}

/* Lines are compared without their newlines; of two that agree the shorter comes first. */
static int line_compare(const void *a_pointer, const void *b_pointer)
{
	const struct line *a = a_pointer, *b = b_pointer;
	uint32_t length = (a->length < b->length ? a->length : b->length) - 1;
	int order = memcmp(a->start, b->start, length);

	return order ? order : (a->length > b->length) - (a->length < b->length);
}

static uint32_t count_lines(const char *at, const char *end)
{
	uint32_t count = 0;

	for (; at < end; at += line_at(at, end).length)
		count++;
	return count;
}

/* Sorts the lines of [start, end) in place, by way of a copy. */
static void run_sort(char *start, char *end)
{
	uint32_t count = count_lines(start, end);
	struct line *lines = malloc(count * sizeof(*lines));
	char *copy = malloc(end - start), *from = copy;

	if (!lines || !copy)
		fail("memory for a run");
	memcpy(copy, start, end - start);
	for (uint32_t i = 0; i < count; i++) {
		lines[i] = line_at(from, copy + (end - start));
		from += lines[i].length;
	}
	qsort(lines, count, sizeof(*lines), line_compare);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(start, lines[i].start, lines[i].length);
		start += lines[i].length;
	}
	free(copy);
	free(lines);
}

/* Cuts the text into runs that end with a line, sorts each; returns how many. */
static uint32_t runs_make(char *text, size_t size, struct run *runs)
{
	char *at = text, *end = text + size;
	uint32_t count = 0;

	while (at < end) {
		char *stop = end - at > (ptrdiff_t)RUN_SIZE ? at + RUN_SIZE : end;

		stop = (char *)memchr(stop - 1, '\n', end - stop + 1) + 1;
		run_sort(at, stop);
		runs[count++] = (struct run){stop, line_at(at, stop)};
		at = stop;
	}
	return count;
}

/* Moves the run at `i` down the heap until no run below it has a smaller line. */
static void heap_sink(struct run *runs, uint32_t count, uint32_t i)
{
	for (;;) {
		uint32_t least = 2 * i + 1;
		struct run run = runs[i];

		if (least + 1 < count && line_compare(&runs[least + 1].line, &runs[least].line) < 0)
			least++;
		if (least >= count || line_compare(&runs[least].line, &run.line) >= 0)
			return;
		runs[i] = runs[least];
		runs[least] = run;
		i = least;
	}
}

/* Always takes the smallest line, which is the one of the run on top of the heap. */
static void runs_merge(struct run *runs, uint32_t count, char *to)
{
	for (uint32_t i = count / 2; i-- > 0;)
		heap_sink(runs, count, i);
	while (count > 0) {
		struct run *least = &runs[0];
		const char *next = least->line.start + least->line.length;

		memcpy(to, least->line.start, least->line.length);
		to += least->line.length;
		if (next < least->end)
			least->line = line_at(next, least->end);
		else
			*least = runs[--count];
		heap_sink(runs, count, 0);
	}
}

/* The size of the file, whose last line gets a newline if it has none. */
static size_t size_with_newline(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last = '\n';

	if (size < 0)
		fail("lseek");
	if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
		fail("read");
	if (last != '\n' && write(fd, "\n", 1) != 1)
		fail("write");
	return size + (last != '\n');
}

int main(int argc, char **argv)
{
	struct rusage usage;
	struct run *runs;
	char *text, *merged;
	uint32_t count;
	size_t size;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: mmapsort FILE\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		fail(argv[1]);
	size = size_with_newline(fd);
	if (size == 0)
		return 0;
	text = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	merged = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	runs = malloc((size / RUN_SIZE + 1) * sizeof(*runs));
	if (text == MAP_FAILED || merged == MAP_FAILED || !runs)
		fail("memory");

	count = runs_make(text, size, runs);
	runs_merge(runs, count, merged);
	memcpy(text, merged, size);
	if (msync(text, size, MS_SYNC) != 0)
		fail("msync");
	getrusage(RUSAGE_SELF, &usage);
	printf("%s: %zu KiB in %u runs; %ld minor and %ld major faults\n", argv[1], size / 1024,
	       count, usage.ru_minflt, usage.ru_majflt);
	return 0;
}
